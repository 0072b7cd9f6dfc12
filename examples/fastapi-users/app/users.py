"""Stock fastapi-users: the user manager and who is signed in. `backend` is where a stock app has its JWT backend."""

import uuid
from collections.abc import AsyncGenerator

from fastapi import Depends
from fastapi_users import BaseUserManager, FastAPIUsers, InvalidPasswordException, UUIDIDMixin
from fastapi_users.schemas import BaseUserCreate
from fastapi_users_db_sqlalchemy import SQLAlchemyUserDatabase
from stay_signed_in.fastapi import SessionBackend

from .database import User, get_async_session, get_user_db
from .settings import get_settings


class UserManager(UUIDIDMixin, BaseUserManager[User, uuid.UUID]):
    async def validate_password(self, password: str, user: BaseUserCreate | User) -> None:
        if len(password) < 8 or len(password.encode()) > 1024:
            raise InvalidPasswordException("The password must have 8 characters, and at most 1,024 bytes.")


async def get_user_manager(
    user_db: SQLAlchemyUserDatabase[User, uuid.UUID] = Depends(get_user_db),
) -> AsyncGenerator[UserManager, None]:
    manager = UserManager(user_db)
    manager.reset_password_token_secret = manager.verification_token_secret = get_settings().secret
    yield manager


backend = SessionBackend[User, uuid.UUID](User, get_async_session, get_settings())
fastapi_users = FastAPIUsers[User, uuid.UUID](get_user_manager, [backend])
current_user = fastapi_users.current_user(active=True)
