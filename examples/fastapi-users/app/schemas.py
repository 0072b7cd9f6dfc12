"""Stock fastapi-users schemas; `is_guest` and the null e-mail address of a guest are added."""

import uuid

from fastapi_users import schemas
from pydantic import EmailStr, field_validator

GUEST_DOMAIN = "@guest.invalid"


class UserRead(schemas.BaseUser[uuid.UUID]):
    email: EmailStr | None  # type: ignore[assignment]
    is_guest: bool = False

    @field_validator("email", mode="before")
    @classmethod
    def hide_placeholder(cls, email: str) -> str | None:
        return None if email.endswith(GUEST_DOMAIN) else email


class UserCreate(schemas.BaseUserCreate):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass
