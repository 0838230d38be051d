package throttle_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/throttle"
)

// exceeded asks a throttle with the source's behaviour what is over its threshold.
func exceeded(t *testing.T, p throttle.Probe) string {
	t.Helper()
	d := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{p}, Compat: true})
	if err := d.Check(); err != nil {
		return strings.Join(err.(*throttle.RejectedError).Exceeded, " ")
	}
	return ""
}

// The facts of HostPerformanceManagerTests.cs (TH-37, TH-40, TH-41).
func TestCounters(t *testing.T) {
	tests := []struct{ text, want string }{
		{`{"connections": 240, "connectionLimit": 300}`, ""},
		{`{"connections": 241, "connectionLimit": 300}`, "Connections"},
		{`{"activeConnections": 480, "activeConnectionLimit": 600}`, ""},
		{`{"activeConnections": 481, "activeConnectionLimit": 600}`, "ActiveConnections"},
		{`{"threads": 409, "threadLimit": 512}`, ""},
		{`{"threads": 410, "threadLimit": 512}`, "Threads"},
		{`{"processes": 25, "processLimit": 32}`, ""},
		{`{"processes": 26, "processLimit": 32}`, "Processes"},
		{`{"namedPipes": 102, "namedPipeLimit": 128}`, ""},
		{`{"namedPipes": 103, "namedPipeLimit": 128}`, "NamedPipes"},
		{`{"sections": 204, "sectionLimit": 256}`, ""},
		{`{"sections": 205, "sectionLimit": 256}`, "Sections"},
		{`{"remoteDirMonitors": 400, "remoteDirMonitorLimit": 500}`, ""},
		{`{"remoteDirMonitors": 401, "remoteDirMonitorLimit": 500}`, "RemoteDirMonitors"},
		{`{"connections":100,"connectionLimit":0}`, ""},
		{`{"connections":100}`, ""},
		{`{"connections":100,"connectionLimit":-5}`, ""},
		{`{}`, ""},
		{``, ""},
		{`garbage`, ""},
		{`{"connections":`, ""},
		{`{"connections": "many"}`, ""},
		{`{"connections":299,"connectionLimit":300}` + "猅", "Connections"},
		{`{"CONNECTIONS":299,"ConnectionLimit":300}`, "Connections"},
		{`{"connections":"299","connectionLimit":300}`, "Connections"},
		{`{"connections":9223372036854775807,"connectionLimit":1}`, "Connections"},
		{`{"connections":240.5,"connectionLimit":3.0e2}`, ""},
		{`{"connections":240.6,"connectionLimit":3.0e2}`, "Connections"},
		{`{"connections":1e30,"connectionLimit":1}`, ""},
		{`{"connections":null,"connectionLimit":300,"threads":512,"threadLimit":512}`, ""},
		{`{"connections":true,"connectionLimit":1}`, ""},
		{`{"connections":[299],"connectionLimit":300}`, ""},
		{`{"connections":1,"CONNECTIONS":299,"connectionLimit":300}`, "Connections"},
		{`{"conn\u0065ctions":299,"connectionLimit":300}`, "Connections"},
		{`null`, ""},
		{`[]`, ""},
		{` `, ""},
		{`}`, ""},
		{`{"connections":299,"connectionLimit":300}}`, ""},
		{`{"connections":99999999999999999999,"connectionLimit":1}`, ""},
		{`{"processes":32,"processLimit":32,"threads":512,"threadLimit":512,"activeConnections":600,"activeConnectionLimit":600}`, "ActiveConnections Threads Processes"},
		{`{"userTime":99999999999,"privateBytes":99999999999}`, ""},
	}
	for _, tt := range tests {
		if got := exceeded(t, throttle.Counters(func() string { return tt.text })); got != tt.want {
			t.Errorf("%s: exceeded %q, want %q", tt.text, got, tt.want)
		}
	}
}

// What is no JSON is an error, and what is none at all is not (TH-40).
func TestUnreadableCounters(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, " ": false, "{}": false, "null": false, `{"x":1} more`: false,
		"garbage": true, "garbage}": true, "}": true, "{": true, "[]": true, "5": true,
		`{"connections":`: true, `{"connections":"many"}`: true, `{"connections":null}`: true,
	} {
		_, err := throttle.Counters(func() string { return text }).Read()
		if got := err != nil; got != want {
			t.Errorf("%q: error %v, want one: %v", text, err, want)
		}
	}
}

func FuzzCounters(f *testing.F) {
	f.Add(`{"connections":299,"connectionLimit":300}` + "猅")
	f.Add(`{"threads":[1],"THREADS":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		readings, err := throttle.Counters(func() string { return text }).Read()
		if err != nil && readings != nil {
			t.Error("readings and an error")
		}
	})
}

// TH-38: the setting is honoured.
func TestThreshold(t *testing.T) {
	p := throttle.Counters(func() string { return `{"connections":151,"connectionLimit":300}` })
	d := newDynamic(t, throttle.DynamicConfig{Probes: []throttle.Probe{p}, Threshold: 0.5})
	if d.Check() == nil {
		t.Error("151 of 300 is not over half")
	}
}

func TestRuntimeProbes(t *testing.T) {
	if got := exceeded(t, throttle.Goroutines(1)); got != "Goroutines" {
		t.Errorf("more than one goroutine: %q", got)
	}
	if got := exceeded(t, throttle.Goroutines(1_000_000)); got != "" {
		t.Errorf("less than a million goroutines: %q", got)
	}
	readings, err := throttle.Heap().Read()
	if err != nil || len(readings) != 1 || readings[0].Value < 1<<16 || readings[0].Value > 1<<32 {
		t.Errorf("Heap() = %v, %v", readings, err)
	}
	conns := &throttle.Connections{Limit: 2}
	conns.ConnState(nil, http.StateNew)
	conns.ConnState(nil, http.StateActive)
	conns.ConnState(nil, http.StateNew)
	if got := exceeded(t, conns); got != "Connections" {
		t.Errorf("two connections of two: %q", got)
	}
	conns.ConnState(nil, http.StateHijacked)
	conns.ConnState(nil, http.StateClosed)
	if readings, _ := conns.Read(); readings[0].Value != 0 {
		t.Errorf("Connections = %v after all are gone", readings)
	}
}
