// Keeps the page of a living run up to date, loads values when they are opened, copies, and moves by keys.
// Without it the page is whole: links lead to the values, and a reload shows how the run stands.

const SLOWEST = 30_000;

function partsOf(root) {
  return [...root.querySelectorAll("[data-durable-part]")];
}

function isBusy(part) {
  const active = document.activeElement;
  if (part.id !== "durable-actions") return false;
  return part.querySelector("details[open]") !== null || (active !== null && part.contains(active));
}

function openIn(part) {
  return [...part.querySelectorAll("details[open][id]")].map((details) => details.id);
}

function swap(old, fresh) {
  if (isBusy(old) || old.outerHTML === fresh.outerHTML) return;
  const loaded = new Map(
    [...old.querySelectorAll("details[data-durable-loaded]")].map((one) => [one.id, one]),
  );
  const open = openIn(old);
  const focused = document.activeElement?.id;
  const scrolls = [...old.querySelectorAll(".durable-scroll")].map((one) => one.scrollLeft);
  old.replaceWith(fresh);
  for (const id of open) {
    const details = fresh.querySelector(`#${CSS.escape(id)}`);
    if (details === null) continue;
    if (loaded.has(id)) details.replaceWith(loaded.get(id));
    else details.open = true;
  }
  fresh.querySelectorAll(".durable-scroll").forEach((one, n) => { one.scrollLeft = scrolls[n] ?? 0; });
  prepare(fresh);
  if (focused) fresh.querySelector(`#${CSS.escape(focused)}`)?.focus({ preventScroll: true });
}

async function look(url, state) {
  const headers = state.etag ? { "If-None-Match": state.etag } : {};
  const response = await fetch(url, { headers, credentials: "same-origin", cache: "no-store" });
  if (response.status === 304) return;
  if (!response.ok || response.redirected) throw new Error(String(response.status));
  state.etag = response.headers.get("ETag");
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of partsOf(fresh)) {
    const old = document.getElementById(part.id);
    if (old) swap(old, document.adoptNode(part));
  }
}

function follow() {
  const state = { etag: null, pause: 2000, timer: 0 };
  const address = () => document.querySelector("[data-durable-live]")?.dataset.durableLive;
  const later = () => {
    clearTimeout(state.timer);
    if (address() && !document.hidden) state.timer = setTimeout(tick, state.pause);
  };
  const tick = async () => {
    try {
      await look(address(), state);
      state.pause = 2000;
    } catch {
      state.pause = Math.min(state.pause * 2, SLOWEST);
    }
    later();
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? later() : address() && tick()));
  later();
}

async function load(details) {
  const pre = details.querySelector("pre");
  if (!details.dataset.durableSrc || details.dataset.durableLoaded || !details.open) return;
  details.dataset.durableLoaded = "yes";
  try {
    const response = await fetch(details.dataset.durableSrc, { credentials: "same-origin" });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    pre.textContent = await response.text();
  } catch (error) {
    delete details.dataset.durableLoaded;
    pre.textContent = String(error);
  }
}

async function copy(button) {
  const text = button.closest("details").querySelector("pre").textContent;
  await navigator.clipboard.writeText(text);
  const label = button.textContent;
  button.textContent = button.dataset.durableCopied;
  setTimeout(() => { button.textContent = label; }, 1500);
}

function prepare(root) {
  for (const details of root.querySelectorAll("details[data-durable-src]")) {
    details.addEventListener("toggle", () => load(details));
    load(details);
  }
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll(".durable-copy")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

// Arrow keys go from lane to lane, Home and End to the first and last; Enter follows the link to the row.
function move(event) {
  const lanes = [...document.querySelectorAll(".durable-jump")];
  const here = lanes.indexOf(document.activeElement);
  if (here < 0) return;
  const places = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: lanes.length - 1 };
  const next = lanes[places[event.key]];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

prepare(document);
document.addEventListener("keydown", move);
follow();
