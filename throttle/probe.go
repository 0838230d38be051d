package throttle

import (
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
)

// A Probe reports how much of a resource is in use. Read is called by one goroutine at
// a time, and should take well under a second. What it cannot tell it leaves out; an
// error is for what should have worked.
type Probe interface {
	Read() ([]Reading, error)
}

// ProbeFunc is a function as a Probe.
type ProbeFunc func() ([]Reading, error)

// Read calls f.
func (f ProbeFunc) Read() ([]Reading, error) { return f() }

// A Reading is how much of a resource is in use, against what there is. A limit of
// zero or less is none, and never exceeded.
type Reading struct {
	Name         string
	Value, Limit float64
}

// over reports whether r is over a part of its limit, in single precision as in
// HostPerformanceManager.cs. Not a number never is.
func (r Reading) over(part float32) bool {
	return r.Limit > 0 && float32(r.Value)/float32(r.Limit) > part
}

// Goroutines is a probe of the number of goroutines, "Goroutines", against a limit.
func Goroutines(limit int) Probe {
	return ProbeFunc(func() ([]Reading, error) {
		return []Reading{{"Goroutines", float64(runtime.NumGoroutine()), float64(limit)}}, nil
	})
}

// Heap is a probe of the memory that the program holds on to, "Heap": what the last
// garbage collection found alive, and the runtime's memory outside of the heap. The
// limit is GOMEMLIMIT, or the one of the control group if there is none (on Linux), or
// none. Memory that the next collection may free does not count: up to GOMEMLIMIT its
// presence is no sign of need.
func Heap() Probe {
	return ProbeFunc(func() ([]Reading, error) {
		limit := float64(debug.SetMemoryLimit(-1))
		if limit >= math.MaxInt64 {
			limit = groupMemoryLimit()
		}
		return []Reading{{"Heap", heldMemory(), limit}}, nil
	})
}

func heldMemory() float64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(samples)
	var held float64
	for i, s := range samples {
		if s.Value.Kind() != metrics.KindUint64 {
			continue
		}
		if v := float64(s.Value.Uint64()); i == 0 || i == len(samples)-1 {
			held += v
		} else {
			held -= v
		}
	}
	return max(held, 0)
}

// Connections is a probe of a server's open connections, "Connections", against Limit.
// Its ConnState is the server's:
//
//	conns := &throttle.Connections{Limit: 10000}
//	server := &http.Server{ConnState: conns.ConnState}
type Connections struct {
	Limit int
	open  atomic.Int64
}

// ConnState counts a connection in and out. A connection that a handler took over is
// no longer the server's, and not counted.
func (c *Connections) ConnState(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		c.open.Add(-1)
	}
}

// Read reports the connections that are open.
func (c *Connections) Read() ([]Reading, error) {
	return []Reading{{"Connections", float64(c.open.Load()), float64(c.Limit)}}, nil
}

// Counters is a probe of the seven counters that the source compares, from the text of
// the environment variable WEBSITE_COUNTERS_APP, which get returns: JSON with a value
// and a limit for each. Names ignore case, what is absent is 0, and characters after
// the last brace are dropped. An empty text reports nothing, one that cannot be read is
// an error (HostPerformanceManager.cs, ApplicationPerformanceCounters.cs).
func Counters(get func() string) Probe {
	return ProbeFunc(func() ([]Reading, error) { return parseCounters(get()) })
}

func parseCounters(text string) ([]Reading, error) {
	if end := strings.LastIndexByte(text, '}'); end >= 0 {
		text = text[:end+1]
	}
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var c struct {
		ActiveConnections, ActiveConnectionLimit counter
		Connections, ConnectionLimit             counter
		Threads, ThreadLimit                     counter
		Processes, ProcessLimit                  counter
		NamedPipes, NamedPipeLimit               counter
		Sections, SectionLimit                   counter
		RemoteDirMonitors, RemoteDirMonitorLimit counter
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return nil, fmt.Errorf("throttle: WEBSITE_COUNTERS_APP: %w", err)
	}
	return []Reading{
		{"ActiveConnections", float64(c.ActiveConnections), float64(c.ActiveConnectionLimit)},
		{"Connections", float64(c.Connections), float64(c.ConnectionLimit)},
		{"Threads", float64(c.Threads), float64(c.ThreadLimit)},
		{"Processes", float64(c.Processes), float64(c.ProcessLimit)},
		{"NamedPipes", float64(c.NamedPipes), float64(c.NamedPipeLimit)},
		{"Sections", float64(c.Sections), float64(c.SectionLimit)},
		{"RemoteDirMonitors", float64(c.RemoteDirMonitors), float64(c.RemoteDirMonitorLimit)},
	}, nil
}

// counter is a 64-bit integer, as a number or as text. A number may be written with a
// fraction, and is rounded.
type counter int64

func (c *counter) UnmarshalJSON(data []byte) error {
	n, err := strconv.ParseInt(strings.Trim(string(data), `"`), 10, 64)
	if err == nil {
		*c = counter(n)
		return nil
	}
	if v, err := strconv.ParseFloat(string(data), 64); err == nil && math.Abs(v) < 1<<63 && strings.ContainsAny(string(data), ".eE") {
		*c = counter(math.RoundToEven(v))
		return nil
	}
	return fmt.Errorf("%s is no 64-bit integer", data)
}
