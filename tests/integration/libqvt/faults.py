"""What can go wrong between a client and a tracker: a process that stands still, a network that breaks."""

import contextlib
import select
import signal
import socket
import threading


@contextlib.contextmanager
def frozen(server):
    """The process lives, holds its connections, and does nothing."""
    server.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.process.send_signal(signal.SIGCONT)


class Proxy:
    """Passes TCP connections on to an address that may change, until they are cut."""

    def __init__(self, target):
        self.target = target
        self.is_open = True
        self._pairs = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return "%s:%d" % self._listener.getsockname()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_open:
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()
            else:
                near.close()

    def _serve(self, near):
        host, port = self.target.rsplit(":", 1)
        try:
            far = socket.create_connection((host, int(port)))
        except OSError:
            near.close()
            return
        with self._lock:
            self._pairs.append((near, far))
        self._pass_on(near, far)

    def _pass_on(self, near, far):
        other = {near: far, far: near}
        try:
            while True:
                for source in select.select([near, far], [], [])[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    other[source].sendall(data)
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                if (near, far) in self._pairs:
                    self._pairs.remove((near, far))
            near.close()
            far.close()

    def cut(self):
        """Breaks every connection; returns how many there were."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def close(self):
        self.is_open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()
