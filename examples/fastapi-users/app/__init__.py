"""A fastapi-users app whose users stay signed in: `database`, `schemas`, `users` are stock, `refresh` is added."""
