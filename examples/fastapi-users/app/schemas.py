"""Stock fastapi-users schemas; `SessionUserRead` adds `is_guest` and hides the address of a guest, who has none."""

import uuid

from fastapi_users import schemas
from stay_signed_in.fastapi import SessionUserRead


class UserRead(SessionUserRead, schemas.BaseUser[uuid.UUID]):
    pass


class UserCreate(schemas.BaseUserCreate):
    pass


class UserUpdate(schemas.BaseUserUpdate):
    pass
