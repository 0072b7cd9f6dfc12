"""What the app's own schema of a user gains."""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, EmailStr, field_validator


class SessionUserRead(BaseModel):
    """First of the bases: ``class UserRead(SessionUserRead, schemas.BaseUser[uuid.UUID])``.

    A guest whose address can receive nothing (``….invalid``, RFC 2606) is shown without one.
    """

    if TYPE_CHECKING:
        email: EmailStr
    else:
        email: EmailStr | None
    is_guest: bool = False

    @field_validator("email", mode="before")
    @classmethod
    def _hide_placeholder(cls, email: Any) -> Any:
        return None if isinstance(email, str) and email.endswith(".invalid") else email
