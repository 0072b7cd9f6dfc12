"""Stock fastapi-users user manager; `_update` is added."""

import uuid
from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Depends
from fastapi_users import BaseUserManager, InvalidPasswordException, UUIDIDMixin
from fastapi_users.schemas import BaseUserCreate
from fastapi_users_db_sqlalchemy import SQLAlchemyUserDatabase

from .database import User, get_user_db
from .settings import get_settings


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    async def validate_password(self, password: str, user: BaseUserCreate | User) -> None:
        if not 8 <= len(password.encode()) <= 1024:
            raise InvalidPasswordException("The password must have 8 to 1,024 bytes.")

    async def _update(self, user: User, update_dict: dict[str, Any]) -> User:
        # In the same write as the password: every session that was made with the old one is over.
        if update_dict.get("password") is not None:
            update_dict = {**update_dict, "credential_version": User.credential_version + 1}
        return await super()._update(user, update_dict)


async def get_user_manager(
    user_db: SQLAlchemyUserDatabase[User, uuid.UUID] = Depends(get_user_db),
) -> AsyncGenerator[UserManager, None]:
    manager = UserManager(user_db)
    manager.reset_password_token_secret = manager.verification_token_secret = get_settings().secret
    yield manager
