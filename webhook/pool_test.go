package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// body makes deliveries that differ.
func numbered(t testing.TB, i int) *http.Request {
	return push(t, github(), fmt.Sprintf(`{"n":%d}`, i))
}

func TestPoolAnswersFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := &webhook.Pool{Workers: 2, Queue: 3}
		release := make(chan struct{})
		var mu sync.Mutex
		ran := map[string]bool{}
		rc := newReceiver(t, webhook.Config{Verifier: github(), Pool: pool, Handle: func(ctx context.Context, d webhook.Delivery) error {
			<-release
			mu.Lock()
			defer mu.Unlock()
			ran[string(d.Body)] = true
			return ctx.Err()
		}})
		for i := range 5 {
			r := numbered(t, i)
			ctx, cancel := context.WithCancel(r.Context())
			if code := post(rc, r.WithContext(ctx)); code != 200 {
				t.Fatalf("delivery %d: status %d", i, code)
			}
			cancel() // the sender is gone, the work goes on
		}
		synctest.Wait()
		if got := pool.Stats(); got.Running != 2 || got.Waiting != 3 {
			t.Fatalf("%+v", got)
		}
		w := httptest.NewRecorder()
		rc.ServeHTTP(w, numbered(t, 5))
		if w.Code != 503 || w.Header().Get("Retry-After") != "5" {
			t.Fatalf("full: status %d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
		}
		if code := post(rc, numbered(t, 1)); code != 503 {
			t.Errorf("a repeat while it waits: status %d", code)
		}

		drained := make(chan error)
		go func() { drained <- pool.Drain(t.Context()) }()
		synctest.Wait()
		if code := post(rc, numbered(t, 6)); code != 503 {
			t.Errorf("while draining: status %d", code)
		}
		close(release)
		if err := <-drained; err != nil {
			t.Errorf("Drain: %v", err)
		}
		if len(ran) != 5 || pool.Stats() != (webhook.PoolStats{}) {
			t.Errorf("%d ran, %+v", len(ran), pool.Stats())
		}
	})
}

// A refused or failed delivery may come again.
func TestPoolForgetsFailure(t *testing.T) {
	for _, fail := range []func() error{
		func() error { return errors.New("no") },
		func() error { panic("crash") },
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			pool := &webhook.Pool{Logger: slog.New(slog.NewTextHandler(&log, nil))}
			ran := 0
			rc := newReceiver(t, webhook.Config{Verifier: github(), Pool: pool, Handle: func(context.Context, webhook.Delivery) error {
				ran++
				return fail()
			}})
			for range 2 {
				if code := post(rc, push(t, github(), "{}")); code != 200 {
					t.Errorf("status %d", code)
				}
				synctest.Wait()
			}
			if ran != 2 || strings.Count(log.String(), "webhook handler failed") != 2 {
				t.Errorf("ran %d times, log %s", ran, &log)
			}
			if err := pool.Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPoolTimeoutAndDrainBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := &webhook.Pool{Timeout: time.Minute}
		var ended error
		rc := newReceiver(t, webhook.Config{Verifier: github(), Pool: pool, Handle: func(ctx context.Context, _ webhook.Delivery) error {
			<-ctx.Done()
			ended = ctx.Err()
			return ended
		}})
		post(rc, push(t, github(), "{}"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pool.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Drain: %v", err)
		}
		if err := pool.Drain(t.Context()); err != nil || !errors.Is(ended, context.DeadlineExceeded) {
			t.Errorf("Drain: %v, the handler ended with %v", err, ended)
		}
	})
}
