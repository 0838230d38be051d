package durable

import (
	"context"
	"os"
	"time"
)

// Lock takes a lock file, which it makes if need be, waiting for it until ctx
// ends. The lock goes with the process that holds it, however that ends. It works
// between processes of one machine; network file systems differ.
func Lock(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for wait := time.Millisecond; ; wait = min(2*wait, 5*time.Millisecond) {
		ok, err := tryLock(f)
		if ok {
			return func() { f.Close() }, nil
		}
		if err != nil {
			f.Close()
			return nil, &os.PathError{Op: "lock", Path: path, Err: err}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			f.Close()
			return nil, ctx.Err()
		}
	}
}
