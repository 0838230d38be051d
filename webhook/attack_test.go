package webhook_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// stamped are the senders that sign a timestamp, each with the way to sign any
// text in its place.
var stamped = map[string]struct {
	with func(webhook.Tolerance) webhook.Verifier
	sign func(h http.Header, at, body string)
}{
	"slack": {
		func(w webhook.Tolerance) webhook.Verifier {
			return &webhook.Slack{Secrets: webhook.Static(plainSecret), Tolerance: w}
		},
		func(h http.Header, at, body string) {
			h["X-Slack-Request-Timestamp"] = []string{at}
			h.Set("X-Slack-Signature", "v0="+hexSum("v0:"+at+":"+body, plainSecret))
		},
	},
	"zoom": {
		func(w webhook.Tolerance) webhook.Verifier {
			return &webhook.Zoom{Secrets: webhook.Static(plainSecret), Tolerance: w}
		},
		func(h http.Header, at, body string) {
			h["X-Zm-Request-Timestamp"] = []string{at}
			h.Set("X-Zm-Signature", "v0="+hexSum("v0:"+at+":"+body, plainSecret))
		},
	},
	"stripe": {
		func(w webhook.Tolerance) webhook.Verifier {
			return &webhook.Stripe{Secrets: webhook.Static(plainSecret), Tolerance: w}
		},
		func(h http.Header, at, body string) {
			h.Set("Stripe-Signature", "t="+at+",v1="+hexSum(at+"."+body, plainSecret))
		},
	},
	"standard": {
		func(w webhook.Tolerance) webhook.Verifier {
			return &webhook.Standard{Secrets: webhook.Static(sharedKey), Tolerance: w}
		},
		func(h http.Header, at, body string) {
			key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(sharedKey, "whsec_"))
			mac := hmac.New(sha256.New, key)
			io.WriteString(mac, "1."+at+"."+body)
			h.Set("Webhook-Id", "1")
			h["Webhook-Timestamp"] = []string{at}
			h.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
		},
	},
	"hmac": {
		func(w webhook.Tolerance) webhook.Verifier {
			return &webhook.HMAC{
				Secrets: webhook.Static(plainSecret), Header: "X-Sig", TimestampHeader: "X-Ts", Signed: "{timestamp}{body}", Tolerance: w,
			}
		},
		func(h http.Header, at, body string) {
			h["X-Ts"] = []string{at}
			h.Set("X-Sig", hexSum(at+body, plainSecret))
		},
	},
}

// However well it is signed, a timestamp is 1 to 15 digits, and in the window.
func TestTimestampTexts(t *testing.T) {
	now := time.Unix(1705449600, 0)
	for at, want := range map[string]webhook.Reason{
		"1705449600": webhook.OK, "000001705449600": webhook.OK, // 15 digits
		"1705449900": webhook.OK, "1705449300": webhook.OK, // 300 seconds off
		"1705449901": webhook.TimestampTooNew, "1705449299": webhook.TimestampTooOld,
		"1705449600000": webhook.TimestampTooNew, "999999999999999": webhook.TimestampTooNew,
		"0": webhook.TimestampTooOld, "000000000000000": webhook.TimestampTooOld,
		"0000001705449600":                webhook.MalformedTimestamp, // 16 digits
		fmt.Sprint(math.MaxInt64):         webhook.MalformedTimestamp,
		fmt.Sprint(uint64(1<<64 - 1)):     webhook.MalformedTimestamp,
		"18446744075414999200":            webhook.MalformedTimestamp, // now, modulo 2 to the 64
		"-1705449600":                     webhook.MalformedTimestamp,
		"+1705449600":                     webhook.MalformedTimestamp,
		"1705449600.0":                    webhook.MalformedTimestamp,
		"1.7054496e9":                     webhook.MalformedTimestamp,
		"1e3":                             webhook.MalformedTimestamp,
		"0x65a71f00":                      webhook.MalformedTimestamp,
		"1_705_449_600":                   webhook.MalformedTimestamp,
		"17054 49600":                     webhook.MalformedTimestamp,
		"1705449600\x00":                  webhook.MalformedTimestamp,
		"١٧٠٥٤٤٩٦٠٠":                      webhook.MalformedTimestamp, // Arabic digits
		"１７０５４４９６００":                      webhook.MalformedTimestamp, // wide ones
		"2024-01-17T00:00:00Z":            webhook.MalformedTimestamp,
		"Wed, 17 Jan 2024 00:00:00 GMT":   webhook.MalformedTimestamp,
		strings.Repeat("1705449600", 1e4): webhook.MalformedTimestamp,
	} {
		for name, sender := range stamped {
			if name == "stripe" && strings.ContainsAny(at, ",=") {
				continue // there these end the timestamp
			}
			m := &webhook.Message{Method: "POST", Header: http.Header{}, Time: now, Body: []byte("{}")}
			sender.sign(m.Header, at, "{}")
			if _, err := sender.with(0).Verify(t.Context(), m); webhook.ReasonOf(err) != want {
				t.Errorf("%s at %.30q: %v, want %s", name, at, err, want)
			}
		}
	}
}

// A window may be as large as there are times; a negative one is a mistake and
// no way to switch the check off, but for the value that says so.
func TestTolerances(t *testing.T) {
	now := time.Unix(1705449600, 0)
	for _, test := range []struct {
		tolerance webhook.Tolerance
		at        int64
		want      webhook.Reason
	}{
		{webhook.Tolerance(time.Second), now.Unix() + 1, webhook.OK},
		{webhook.Tolerance(time.Second), now.Unix() - 2, webhook.TimestampTooOld},
		{math.MaxInt64, now.Unix() + 1e9, webhook.OK},
		{math.MaxInt64, 999999999999999, webhook.TimestampTooNew},
		{webhook.InsecureAnyTime, 0, webhook.OK},
		{webhook.InsecureAnyTime, 999999999999999, webhook.OK},
		{-2, now.Unix(), webhook.Misconfigured},
		{webhook.Tolerance(-5 * time.Minute), now.Unix(), webhook.Misconfigured},
		{math.MinInt64, now.Unix(), webhook.Misconfigured},
	} {
		for name, sender := range stamped {
			v := sender.with(test.tolerance)
			m := &webhook.Message{Method: "POST", Header: http.Header{}, Time: now, Body: []byte("{}")}
			sender.sign(m.Header, fmt.Sprint(test.at), "{}")
			if _, err := v.Verify(t.Context(), m); webhook.ReasonOf(err) != test.want {
				t.Errorf("%s, %v, at %d: %v, want %s", name, time.Duration(test.tolerance), test.at, err, test.want)
			}
			err := v.(webhook.Checker).Check()
			if bad := test.want == webhook.Misconfigured; bad != (err != nil) || bad && !errors.Is(err, webhook.Misconfigured) {
				t.Errorf("%s, %v: Check() = %v", name, time.Duration(test.tolerance), err)
			}
		}
	}
}

// What passes by its timestamp is remembered for as long, however short
// Config.ReplayFor is.
func TestReplayOutlivesTheWindow(t *testing.T) {
	now := time.Unix(1705449600, 0)
	ran := 0
	sender := stamped["slack"]
	rc := newReceiver(t, webhook.Config{
		Verifier: sender.with(0), ReplayFor: time.Second, Now: func() time.Time { return now },
		Handle: func(context.Context, webhook.Delivery) error { ran++; return nil },
	})
	send := func() int {
		r := httptest.NewRequest("POST", "https://hooks.example.net/in", strings.NewReader("command=%2Fx"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		sender.sign(r.Header, "1705449900", "command=%2Fx") // as far ahead as may be
		return post(rc, r)
	}
	for range 10 {
		if code := send(); code != 200 {
			t.Fatalf("at %v: status %d", now, code)
		}
		now = now.Add(66 * time.Second)
	}
	if now = time.Unix(1705449900+301, 0); send() != 401 {
		t.Error("the window has no end, and this test shows nothing")
	}
	if ran != 1 {
		t.Errorf("ran %d times", ran)
	}
}

// Two values that a proxy has folded into one line pass only where the sender's
// header is a list, and there for a good element's sake.
func TestFoldedHeaders(t *testing.T) {
	for header, list := range everyVerifier() {
		for _, v := range list {
			signer, ok := v.(webhook.Signer)
			if !ok {
				continue
			}
			for _, sep := range []string{",", ", ", "; ", " ", "\t"} {
				m := &webhook.Message{
					Method: "POST", Scheme: "https", Host: "h.example", Target: "/in", Time: time.Unix(1705449600, 0), Body: []byte("{}"),
					Header: http.Header{"Webhook-Id": {"1"}, "Svix-Id": {"1"}, "Content-Type": {"application/json"}},
				}
				if err := signer.Sign(t.Context(), m); err != nil {
					t.Fatal(err)
				}
				value := m.Header.Get(header)
				if value == "" {
					continue // Docker Hub's is in the URL; Svix has headers of its own
				}
				if header == "X-Hub-Signature" {
					m.Header.Del("X-Hub-Signature-256")
				}
				m.Header.Set(header, value+sep+value)
				_, err := v.Verify(t.Context(), m)
				list := false // whether the second value, as a whole, is an element
				switch header {
				case "X-Pagerduty-Signature":
					list = sep == "," || sep == ", "
				case "Webhook-Signature":
					list = sep != ","
				case "Stripe-Signature":
					list = !strings.Contains(sep, ",") // or there would be two times
				}
				if list != (err == nil) {
					t.Errorf("%T, %s twice with %q between: %v", v, header, sep, err)
				}
			}
		}
	}
}

// At most one of many copies that arrive together runs; the others are told to
// come again until it is done, and that it is done only afterwards.
func TestConcurrentRepeats(t *testing.T) {
	for name, pool := range map[string]*webhook.Pool{"in the request": nil, "in a pool": {}} {
		for _, fails := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var ran, done atomic.Int32
				release := make(chan struct{})
				rc := newReceiver(t, webhook.Config{Verifier: github(), Pool: pool, Handle: func(context.Context, webhook.Delivery) error {
					ran.Add(1)
					<-release
					if fails && ran.Load() == 1 {
						return errors.New("no")
					}
					done.Add(1)
					return nil
				}})
				codes := map[int]int{}
				var mu sync.Mutex
				for range 20 {
					go func() {
						code := post(rc, push(t, github(), "{}"))
						mu.Lock()
						defer mu.Unlock()
						codes[code]++
					}()
				}
				synctest.Wait()
				if early := codes[200]; codes[503] != 19 || pool == nil && early > 0 || ran.Load() != 1 {
					t.Errorf("%s: before it is done %v, ran %d times", name, codes, ran.Load())
				}
				close(release)
				synctest.Wait()
				if code := post(rc, push(t, github(), "{}")); code != 200 {
					t.Errorf("%s: afterwards %d", name, code)
				}
				synctest.Wait()
				if want := int32(1); done.Load() != want || fails && ran.Load() != 2 || !fails && ran.Load() != 1 {
					t.Errorf("%s, the first fails %v: ran %d times, succeeded %d times", name, fails, ran.Load(), done.Load())
				}
			})
		}
	}
}

// brokenMemory is a replay memory that panics at the end.
type brokenMemory struct{ webhook.Memory }

func (b *brokenMemory) Commit(context.Context, []webhook.ReplayKey, time.Duration) error {
	panic("memory")
}

func (b *brokenMemory) Release(context.Context, []webhook.ReplayKey) error { panic("memory") }

// Nothing that a handler does, or the replay memory after it, costs the pool a
// worker.
func TestPoolSurvives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := &webhook.Pool{Workers: 1, Queue: 20}
		var ran atomic.Int32
		handle := func(_ context.Context, d webhook.Delivery) error {
			switch n := ran.Add(1); {
			case n%3 == 0:
				runtime.Goexit()
			case n%3 == 1:
				panic("handler")
			}
			return nil
		}
		for _, memory := range []webhook.ReplayMemory{nil, &brokenMemory{}} {
			rc := newReceiver(t, webhook.Config{Verifier: github(), Pool: pool, Replay: memory, Handle: handle})
			for i := range 9 {
				if code := post(rc, numbered(t, i)); code != 200 {
					t.Errorf("status %d", code)
				}
			}
		}
		if err := pool.Drain(t.Context()); err != nil || ran.Load() != 18 || pool.Stats() != (webhook.PoolStats{}) {
			t.Errorf("%v, ran %d times, %+v", err, ran.Load(), pool.Stats())
		}
	})
}

// served starts a receiver on a connection and returns how to send bytes to it.
func served(t *testing.T, c webhook.Config) func(request string) (status int, raw string) {
	t.Helper()
	srv := httptest.NewServer(newReceiver(t, c))
	t.Cleanup(srv.Close)
	return func(request string) (int, string) {
		t.Helper()
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		raw := &strings.Builder{}
		resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, raw)), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode, raw.String()
	}
}

// Over HTTP/1.1: who is refused is not asked for the body that it waits to
// send; a trailer authenticates nothing; a content coding is not undone.
func TestOnTheWire(t *testing.T) {
	body := `{"ref":"main"}`
	sum := "X-Hub-Signature-256: sha256=" + hexSum(body, secret) + "\r\n"
	const head = "POST /in HTTP/1.1\r\nHost: h.example\r\nContent-Type: application/json\r\nX-GitHub-Event: push\r\n"
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	chunked := fmt.Sprintf("Transfer-Encoding: chunked\r\n%s\r\n5\r\n%s\r\n%x\r\n%s\r\n0\r\n%s\r\n", "%s", body[:5], len(body)-5, body[5:], "%s")
	for _, test := range []struct {
		name, request string
		status        int
	}{
		{"signed", head + sum + length + "\r\n" + body, 200},
		{"chunked", head + fmt.Sprintf(chunked, sum, ""), 200},
		{"signature in a trailer", head + fmt.Sprintf(chunked, "Trailer: X-Hub-Signature-256\r\n", sum), 401},
		{"signature in the header and another in a trailer", head + fmt.Sprintf(chunked, sum+"Trailer: X-Hub-Signature-256\r\n", sum), 200},
		{"unsigned, waiting to send", head + "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n", 401},
		{"signed and too large, waiting to send", head + sum + "Expect: 100-continue\r\nContent-Length: 100000000\r\n\r\n", 413},
		{"unsigned and too large", head + "Content-Length: 100000000\r\n\r\n", 413},
		{"signed twice", head + sum + sum + length + "\r\n" + body, 401},
		{"signed once in another case", head + sum + strings.ToLower(sum) + length + "\r\n" + body, 401},
		{"signed, said to be compressed", head + sum + "Content-Encoding: gzip\r\n" + length + "\r\n" + body, 200},
		{"GET", "GET /in HTTP/1.1\r\nHost: h.example\r\n" + sum + "\r\n", 405},
		{"override of the method", "GET /in HTTP/1.1\r\nHost: h.example\r\nX-HTTP-Method-Override: POST\r\n" + sum + "\r\n", 405},
	} {
		t.Run(test.name, func(t *testing.T) {
			ran := false
			send := served(t, webhook.Config{Verifier: github(), Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				got, err := io.ReadAll(r.Body)
				ran = err == nil && string(got) == body
			})})
			status, raw := send(test.request)
			if status != test.status || ran != (status == 200) || strings.Contains(raw, "100 Continue") {
				t.Errorf("status %d, ran %v, want %d:\n%s", status, ran, test.status, raw)
			}
		})
	}
}

// A body that is compressed is signed compressed, and is no JSON.
func TestCompressedBody(t *testing.T) {
	compressed, err := hex.DecodeString("1f8b0800000000000003ab5682000043bfa6a302000000")
	if err != nil {
		t.Fatal(err)
	}
	var got webhook.Outcome
	rc := newReceiver(t, webhook.Config{
		Verifier: github(), Handler: http.NotFoundHandler(), Observe: func(_ context.Context, o webhook.Outcome) { got = o },
	})
	r := push(t, github(), string(compressed))
	r.Header.Set("Content-Encoding", "gzip")
	if code := post(rc, r); code != 400 || got.Reason != webhook.MalformedBody {
		t.Errorf("status %d, %+v", code, got)
	}
}
