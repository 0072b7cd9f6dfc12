import jwt
import socketio
from socketio.exceptions import ConnectionRefusedError

from .users import SECRET

sio = socketio.AsyncServer(async_mode="asgi")


@sio.event
async def connect(sid, environ, auth):
    try:
        claims = jwt.decode(auth["token"], SECRET, ["HS256"], audience="fastapi-users:auth")
    except (jwt.PyJWTError, KeyError, TypeError):
        raise ConnectionRefusedError("authentication failed") from None
    await sio.save_session(sid, {"user_id": claims["sub"]})


@sio.on("whoami")
async def whoami(sid):
    session = await sio.get_session(sid)
    return {"subject": session["user_id"]}
