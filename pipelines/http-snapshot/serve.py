#!/usr/bin/env python3
"""serve.py [POOL [PORT]]: answers with the newest frame of a camera: GET /frame.png. The page at / shows it, over and over.

Port 0 is any that is free. It is told when the service is ready.
"""
from __future__ import annotations

import asyncio
import io
import sys

import bips
import numpy
from aiohttp import web
from PIL import Image

PAGE = """<!doctype html><title>camera</title><img id="camera" src="frame.png"><script>
const image = document.getElementById("camera");
image.onload = () => setTimeout(() => image.src = "frame.png?" + Date.now(), 40);
image.onerror = () => setTimeout(() => image.src = "frame.png?" + Date.now(), 1000);
</script>"""


class Camera:
    """Keeps the newest frame of a pool."""

    def __init__(self, pool: str) -> None:
        self.consumer = bips.Consumer(pool, mode="latest")
        self.newest: bips.Frame | None = None

    async def watch(self) -> None:
        """Reads for ever: when a camera ends, or dies, its last frame stays until the next camera comes."""
        while not self.consumer.closed:
            async for frame in self.consumer:
                self.newest = frame

    def snapshot(self) -> tuple[numpy.ndarray, dict[str, str]]:
        """A copy of the newest frame, and what there is to say of it. Compressing takes longer than a frame does, and many clients may ask at
        once: who holds copies holds no slots of the pool."""
        if self.newest is None:
            raise web.HTTPServiceUnavailable(text=bips.why_no_pool(self.consumer.name) or "the camera has sent no frame yet")
        if self.newest.format != "RGB":
            raise web.HTTPNotImplemented(text=f"the camera sends {self.newest.format or self.newest.caps}: put videoconvert ! video/x-raw,format=RGB before its bipssink")
        headers = {"Cache-Control": "no-store", "X-Frame": str(self.newest.sequence), "X-Age": f"{self.newest.age:.3f}"}
        return self.newest.to_ndarray(copy=True), headers

    async def png(self, request: web.Request) -> web.Response:
        """The newest frame as a PNG."""
        picture, headers = self.snapshot()
        return web.Response(body=await asyncio.to_thread(compressed, picture), content_type="image/png", headers=headers)


def compressed(picture: numpy.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png", compress_level=1)
    return file.getvalue()


async def page(request: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


async def main(pool: str = "camera0", port: str = "8080") -> None:
    camera = Camera(pool)
    app = web.Application()
    app.add_routes([web.get("/", page), web.get("/frame.png", camera.png)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", int(port))
    await site.start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    try:
        await camera.watch()
    finally:
        await runner.cleanup()


try:
    asyncio.run(main(*sys.argv[1:]))
except KeyboardInterrupt:
    pass
