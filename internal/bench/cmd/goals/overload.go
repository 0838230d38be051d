package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"

	"github.com/httptrigger/httptrigger/internal/bench"
	"github.com/httptrigger/httptrigger/throttle"
)

// The service that is overloaded: requests that take 100 ms each, ten at once, twice
// as many inside: 100 a second, so that the processors have time for the generator.
const (
	serviceTime = 100 * time.Millisecond
	running     = 10
	outstanding = 20
	inFlight    = 1000 // bound of the load generator
)

// load is what came of a time under load, as the clients saw it.
type load struct {
	sent, served, refused, lost int
	p99                         time.Duration // of served requests
	goodput                     float64       // served a second
}

// overloaded compares a queue that is always full and refuses nobody with ten times
// the requests the service can serve, over real connections.
func overloaded(e bench.Effort, value func(full, over load) float64) measured {
	length := 6 * time.Second
	if e.Passes < bench.Full.Passes {
		length = 2 * time.Second
	}
	full := underLoad(length, closedLoop)
	over := underLoad(length, openLoop)
	m := measured{value: value(full, over), detail: fmt.Sprintf(
		"full %.0f/s, p99 %v; tenfold: %d sent, %d served (%.0f/s, p99 %v), %d refused, %d lost",
		full.goodput, full.p99.Round(time.Millisecond), over.sent, over.served, over.goodput, over.p99.Round(time.Millisecond), over.refused, over.lost)}
	if over.lost > 0 || full.lost > 0 {
		m.broken = "answers are missing;"
	}
	if over.refused < 8*over.served {
		m.broken += "the generator did not overload the service;"
	}
	return m
}

func underLoad(length time.Duration, generate func(time.Duration, func())) load {
	g := must(throttle.NewGate(throttle.GateConfig{MaxConcurrent: running, MaxOutstanding: outstanding}))
	server := httptest.NewServer(g.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(serviceTime) })))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: inFlight}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	var l load
	var times []time.Duration
	start := time.Now()
	generate(length, func() {
		began := time.Now()
		status, retry := ask(client, server.URL)
		took := time.Since(began)
		mu.Lock()
		defer mu.Unlock()
		l.sent++
		switch {
		case status == http.StatusOK:
			l.served++
			times = append(times, took)
		case status == http.StatusTooManyRequests && retry != "":
			l.refused++
		default:
			l.lost++
		}
	})
	l.goodput = float64(l.served) / time.Since(start).Seconds()
	if len(times) > 0 {
		slices.Sort(times)
		l.p99 = times[len(times)*99/100]
	}
	return l
}

// ask sends a request and returns what it was answered, or 0.
func ask(client *http.Client, url string) (status int, retryAfter string) {
	resp, err := client.Get(url)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, ""
	}
	return resp.StatusCode, resp.Header.Get("Retry-After")
}

// closedLoop keeps the queue full: as many clients as it has places, each asking again
// as soon as it is answered.
func closedLoop(length time.Duration, request func()) {
	var group sync.WaitGroup
	end := time.Now().Add(length)
	for range outstanding {
		group.Go(func() {
			for time.Now().Before(end) {
				request()
			}
		})
	}
	group.Wait()
}

// openLoop sends ten times what the service can serve, whether or not it is answered,
// but never has more than inFlight on the way.
func openLoop(length time.Duration, request func()) {
	const perSecond = 10 * running * int(time.Second/serviceTime)
	places := make(chan struct{}, inFlight)
	var group sync.WaitGroup
	start := time.Now()
	for sent := 0; ; {
		elapsed := time.Since(start)
		if elapsed > length {
			break
		}
		for due := int(elapsed.Seconds() * float64(perSecond)); sent < due; sent++ {
			places <- struct{}{}
			group.Go(func() {
				request()
				<-places
			})
		}
		time.Sleep(time.Millisecond)
	}
	group.Wait()
}
