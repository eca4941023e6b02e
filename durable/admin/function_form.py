"""The form in which options of a function are overridden."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from durable.authoring.function import Function
from durable.authoring.registry import registry
from durable.conf import conf
from durable.engine.options import backoff
from durable.models import FunctionConfig
from durable.operations.configure import MOST_DELAYS, OPTIONS, RANGES
from durable.playback.retry import LONGEST

_LABELS = {
    "retries": gettext_lazy("Retries"),
    "max_parallel": gettext_lazy("Steps at the same time"),
    "threads": gettext_lazy("Threads"),
    "priority": gettext_lazy("Priority"),
    "retention": gettext_lazy("Retention"),
}


class FunctionForm(forms.ModelForm):  # type: ignore[type-arg]  # it takes none at run time
    """Empty fields leave an option as the code has it."""

    backoff = forms.CharField(label=gettext_lazy("Back-off"), required=False, max_length=400)
    parallel_mode = forms.ChoiceField(
        label=gettext_lazy("Parallel mode"),
        required=False,
        choices=[
            ("", gettext_lazy("as in the code")),
            ("wait", gettext_lazy("WAIT: go on when all planned steps have ended")),
            ("race", gettext_lazy("RACE: go on after each of them")),
        ],
    )
    fan_out = forms.TypedChoiceField(
        label=gettext_lazy("Steps of a group"),
        required=False,
        coerce=lambda value: value == "yes",
        empty_value=None,
        choices=[
            ("", gettext_lazy("as in the code")),
            ("no", gettext_lazy("in place: in batches, the planner takes its share")),
            ("yes", gettext_lazy("fan-out: each is a run of its own")),
        ],
    )

    class Meta:
        model = FunctionConfig
        fields = OPTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (least, most) in RANGES.items():
            self.fields[name] = forms.IntegerField(
                label=_LABELS[name], required=False, min_value=least, max_value=most
            )
        self.order_fields(OPTIONS)
        row = self.instance
        delays = row.delays if row.backoff is not None else None
        self.initial["backoff"] = ", ".join(f"{one:g}" for one in delays or ())
        self.initial["fan_out"] = {None: "", True: "yes", False: "no"}[row.fan_out]
        self.initial["parallel_mode"] = row.parallel_mode or ""
        for name, text in helps(registry.functions.get(row.function)).items():
            self.fields[name].help_text = text

    def clean_backoff(self) -> list[float] | None:
        """Read the times, which people may part by commas or spaces."""
        words = self.cleaned_data["backoff"].replace(",", " ").split()
        if not words:
            return None
        try:
            delays = [float(word) for word in words]
        except ValueError:
            raise forms.ValidationError(
                _("Write seconds, with commas between them: 15, 60, 300.")
            ) from None
        if len(delays) > MOST_DELAYS or not all(0 <= one <= LONGEST for one in delays):
            raise forms.ValidationError(
                _("Write up to %(most)d times, each from 0 to %(longest)d seconds.")
                % {"most": MOST_DELAYS, "longest": LONGEST}
            )
        return [int(one) if one == int(one) else one for one in delays]

    def clean_parallel_mode(self) -> str | None:
        """Have nothing said be nothing."""
        return self.cleaned_data["parallel_mode"] or None

    @property
    def changes(self) -> Mapping[str, Any]:
        """What is to be configured."""
        return {name: self.cleaned_data.get(name) for name in self.changed_data if name in OPTIONS}

    def _post_clean(self) -> None:
        """Leave the row alone: the engine's verb changes it, and writes down who did."""


def helps(function: Function | None) -> dict[str, str]:
    """Return what to know of each option; of most, what holds where it is left empty."""
    table = backoff()
    delays = _("computed by a function") if callable(table) else ", ".join(f"{s:g}" for s in table)
    return {
        "retries": _("Tries after the first, for steps that do not say. %s")
        % _said(function and function.retries, conf.RETRIES),
        "backoff": _("Seconds before each retry; the last one repeats. In the settings: %s.")
        % delays,
        "parallel_mode": _("For groups that do not say. %s")
        % _said(function and function.parallel_mode, conf.PARALLEL_MODE),
        "max_parallel": _(
            "Planned steps of one run that are open at the same time. No limit if empty."
        ),
        "threads": _(
            "Sync steps of a group that one worker runs at the same time. In the code: %s."
        )
        % (function.threads if function else 1),
        "fan_out": _("In the code: %s. See below what this function's runs gain.")
        % (_("fan-out") if function and function.fan_out else _("in place")),
        "priority": _(
            "Seconds, -600 to 600: new runs are claimed as if they had been made so much earlier. With "
            "less than 0 they start so much later, even if nobody else wants to run."
        ),
        "retention": _("Days for which ended runs are kept. As the settings say if empty."),
    }


def _said(by_code: object, by_settings: object) -> str:
    """Say what holds, and where that stands."""
    if by_code is None:
        return _("In the settings: %s.") % str(by_settings).upper()
    return _("In the code: %s.") % str(by_code).upper()
