#!/usr/bin/python3
"""serve.py [PORT [POOL]]: gives the H.264 stream of a pool to all who ask for
rtsp://HOST:PORT/camera. PORT 0 is any that is free; the address is printed.
"""
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

port = sys.argv[1] if len(sys.argv) > 1 else "8554"
pool = sys.argv[2] if len(sys.argv) > 2 else "camera"

Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f"( bipssrc pool={pool} read-mode=every on-eos=wait connect-timeout=3000000000"
    " ! queue ! h264parse ! rtph264pay name=pay0 config-interval=-1 )"
)
factory.set_shared(True)  # one bipssrc for all clients, however many there are

server = GstRtspServer.RTSPServer()
server.set_service(port)
server.get_mount_points().add_factory("/camera", factory)
if not server.attach(None):
    sys.exit(f"port {port} is taken")
print(f"rtsp://127.0.0.1:{server.get_bound_port()}/camera", flush=True)
loop = GLib.MainLoop()
for end in signal.SIGINT, signal.SIGTERM:
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, end, loop.quit)
loop.run()
