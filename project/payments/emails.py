"""The confirmation that a customer gets."""

from __future__ import annotations

from django.core.mail import EmailMessage

from project.payments.charge import Charge

BODY = """\
Dear {name},

thank you. Your payment of {price} for "{description}" arrived.

Your reference is {charge}.
"""


def send_confirmation(key: str, charge: Charge) -> str:
    """Mail the confirmation and return its id, made from the key.

    A mail that left cannot be taken back, so a step that dies between sending and recording sends
    again; the second copy carries the same Message-ID, by which mail systems know a duplicate.
    """
    message_id = f"<{key.replace(':', '.')}@shop.example>"
    EmailMessage(
        subject=f"Payment of {charge['price']} received",
        body=BODY.format(**charge),
        to=[charge["email"]],
        headers={"Message-ID": message_id},
    ).send()
    return message_id
