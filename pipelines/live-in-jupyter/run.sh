#!/bin/sh
# run.sh [FOLDER]: executes the notebook beside a camera. It is left, with its outputs, as camera.ipynb in the folder, by default a
# temporary one, whose name is told.
set -eu

out=$(realpath "${1:-$(mktemp -d)}")
mkdir -p "$out"
cd "$(dirname "$0")"
. ../python.sh
use_python ipykernel nbclient numpy PIL
camera=''
trap 'kill -KILL $camera 2>/dev/null || true' EXIT

# Of Jupyter's own files nothing is to be left in the home folder.
export JUPYTER_RUNTIME_DIR="$out/runtime" JUPYTER_CONFIG_DIR="$out/config" IPYTHONDIR="$out/ipython" JUPYTER_PLATFORM_DIRS=1
gst-launch-1.0 -q -e videotestsrc is-live=true pattern=ball ! video/x-raw,format=RGB,width=320,height=240,framerate=30/1 \
    ! bipssink pool=camera0 >"$out/camera.txt" 2>&1 &
camera=$!
"$python" - camera.ipynb "$out/camera.ipynb" "$out/kernel" <<'EXECUTE'
import sys
import nbclient
import nbformat
from jupyter_client.manager import AsyncKernelManager
notebook = nbformat.read(sys.argv[1], 4)
kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=sys.argv[3])  # no port, which might be another program's
nbclient.NotebookClient(notebook, km=kernel, timeout=60).execute()
nbformat.write(notebook, sys.argv[2])
for cell in notebook.cells:
    for output in cell.get("outputs", []):
        print(" and ".join(output.get("data", {})), "|", output.get("data", {}).get("text/plain", output.get("text", "")).strip())
EXECUTE
kill -INT $camera
wait $camera
camera=''
echo "with its outputs: $out/camera.ipynb"
