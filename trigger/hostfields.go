package trigger

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

// hostFields are the settings of host.json. A file of runtime 1.x has its http
// section at the top.
func (l *loader) hostFields(h *HostConfig, legacy bool) []field {
	path := "extensions:Http:"
	if legacy {
		path = "http:"
	}
	http := field{name: "http", fields: l.httpFields(&h.HTTP, path, legacy)}
	monitor := &h.HealthMonitor
	handler := func(s *setting, name string) { l.customHandler(s, name) }
	fields := []field{
		{name: "version", quiet: true, read: ignore},
		{name: "functionTimeout", read: l.timeout},
		{name: "functions", net: "functions", read: l.listField(&h.Functions)},
		{name: "healthMonitor", fields: []field{
			{name: "enabled", net: "healthMonitor:Enabled", read: l.boolField(&monitor.Enabled)},
			{name: "healthCheckInterval", net: "healthMonitor:HealthCheckInterval", read: l.spanField(&monitor.CheckInterval)},
			{name: "healthCheckWindow", net: "healthMonitor:HealthCheckWindow", read: l.spanField(&monitor.CheckWindow)},
			{name: "healthCheckThreshold", net: "healthMonitor:HealthCheckThreshold", read: l.intField(&monitor.CheckThreshold, "a whole number over 0", positive)},
			{name: "counterThreshold", net: "healthMonitor:CounterThreshold", read: l.floatField(&monitor.CounterThreshold, "a number over 0 and not over 1", share)},
		}},
		{name: "customHandler", net: "customHandler", read: handler},
		{name: "httpWorker", net: "httpWorker", read: handler},
	}
	if legacy {
		fields = append(fields, http)
	} else {
		fields = append(fields,
			field{name: "extensions", fields: append(foreign(foreignExtensions, noEffect), http)},
			field{name: "http", foreign: "has no effect in a file of version 2.0: its place is extensions.http", read: ignore})
	}
	fields = append(fields, foreign(foreignSections, noEffect)...)
	for _, name := range []string{"$schema", "id", "isDefaultHostConfig"} {
		fields = append(fields, field{name: name, quiet: true, read: ignore})
	}
	return fields
}

// ignore reads nothing.
func ignore(*setting, string) {}

// foreignSections are the settings of host.json that have no bearing on HTTP.
var foreignSections = []string{
	"aggregator", "applicationInsights", "concurrency", "documentDB", "eventHub", "extensionBundle",
	"languageWorkers", "logger", "logging", "managedDependency", "queues", "retry", "sendGrid", "serviceBus",
	"singleton", "telemetryMode", "tracing", "watchDirectories", "watchFiles",
}

// foreignExtensions are the sections that other extensions have beside http.
var foreignExtensions = []string{
	"azureStorage", "blobs", "cosmosDB", "dapr", "durableTask", "eventGrid", "eventHubs", "kafka", "mcp", "mysql",
	"openai", "queues", "rabbitMQ", "redis", "sendGrid", "serviceBus", "signalR", "sql", "storage", "tables", "twilio", "warmup",
}

func foreign(names []string, remark string) []field {
	fields := make([]field, len(names))
	for i, name := range names {
		fields[i] = field{name: name, foreign: remark, read: ignore}
	}
	return fields
}

func positive(n int) bool { return n > 0 }

func share(f float64) bool { return f > 0 && f <= 1 }

func limit(n int) bool { return n == -1 || n > 0 }

const wantLimit = "a whole number over 0, or -1 for no bound"

func (l *loader) httpFields(h *HTTPConfig, path string, legacy bool) []field {
	fields := []field{
		{name: "routePrefix", read: l.textField(&h.RoutePrefix)},
		{name: "maxOutstandingRequests", net: path + "MaxOutstandingRequests", read: l.intField(&h.MaxOutstandingRequests, wantLimit, limit)},
		{name: "maxConcurrentRequests", net: path + "MaxConcurrentRequests", read: l.intField(&h.MaxConcurrentRequests, wantLimit, limit)},
		{name: "dynamicThrottlesEnabled", net: path + "DynamicThrottlesEnabled", read: l.boolField(&h.DynamicThrottlesEnabled)},
	}
	if legacy {
		return fields
	}
	return append(fields,
		field{name: "enableChunkedRequestBinding", net: path + "EnableChunkedRequestBinding", read: l.boolField(&h.EnableChunkedRequestBinding)},
		field{name: "hsts", fields: []field{
			{name: "isEnabled", net: "extensions:http:hsts:IsEnabled", read: l.boolField(&h.HSTS.Enabled)},
			{name: "maxAge", net: "extensions:http:hsts:MaxAge", read: l.spanField(&h.HSTS.MaxAge)},
			{name: "includeSubDomains", net: "extensions:http:hsts:IncludeSubDomains", read: l.boolField(&h.HSTS.IncludeSubDomains)},
			{name: "preload", net: "extensions:http:hsts:Preload", read: l.boolField(&h.HSTS.Preload)},
			{name: "excludedHosts", read: l.listField(&h.HSTS.ExcludedHosts)},
		}},
		field{name: "customHeaders", read: l.headers(h)})
}

// headers reads customHeaders.
func (l *loader) headers(h *HTTPConfig) func(*setting, string) {
	return func(s *setting, name string) {
		kids := append([]*setting(nil), s.kids...)
		if l.Compat {
			sort.SliceStable(kids, func(i, j int) bool { return strings.ToLower(kids[i].name) < strings.ToLower(kids[j].name) })
			for _, k := range kids {
				if text, ok := k.value(); ok {
					h.CustomHeaders = append(h.CustomHeaders, Header{k.name, text})
				}
			}
			return
		}
		if s.leaf && s.kind != jsonc.Null || s.kind == jsonc.Array {
			l.mistake(s.at.errorf(name, "%s, want an object of strings", s.found()))
		}
		for _, k := range kids {
			path := dotted(name, k.name)
			switch {
			case !isToken(k.name):
				l.mistake(k.named.errorf(path, "%q is not a name of a header", k.name))
			case ofServer(k.name):
				l.mistake(k.named.errorf(path, "%s is set by the server", k.name))
			case !k.leaf || k.kind != jsonc.String:
				l.mistake(k.at.errorf(path, "%s, want a string", k.found()))
			case !isFieldValue(k.text):
				l.mistake(k.at.errorf(path, "%q is not a value of a header: want visible ASCII, with blanks only inside", k.text))
			default:
				h.CustomHeaders = append(h.CustomHeaders, Header{k.name, k.text})
			}
		}
	}
}

// ofServer reports whether a header frames the response, which is the
// server's business.
func ofServer(name string) bool {
	switch strings.ToLower(name) {
	case "connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// isToken reports whether s is a token of RFC 9110: a name of a header or method.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

func isFieldValue(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return false
		}
	}
	return s == strings.Trim(s, " \t")
}

// customHandler reads the section customHandler, or httpWorker by its older
// name; the newer wins.
func (l *loader) customHandler(s *setting, name string) {
	other := l.app.Host.CustomHandler != nil
	switch {
	case l.Compat && other:
		return
	case !l.Compat && (other || s.leaf):
		if !s.leaf || s.kind != jsonc.Null {
			l.mistake(s.named.errorf(name, "%s", "want one object, under the name customHandler"))
		}
		return
	}
	c := &CustomHandlerConfig{}
	l.app.Host.CustomHandler = c
	fields := []field{
		{name: "description", fields: []field{
			{name: "defaultExecutablePath", read: l.textField(&c.ExecutablePath)},
			{name: "defaultWorkerPath", read: l.textField(&c.WorkerPath)},
			{name: "arguments", read: l.listField(&c.Arguments)},
			{name: "workerArguments", read: l.listField(&c.WorkerArguments)},
			{name: "workingDirectory", read: l.textField(&c.WorkingDirectory)},
		}},
		{name: "enableForwardingHttpRequest", net: name + ":EnableForwardingHttpRequest", read: l.boolField(&c.ForwardHTTP)},
	}
	description := s.child("description")
	if l.Compat {
		l.pick(s, fields)
	} else {
		fields = append(fields, foreign([]string{"enableProxyingHttpRequest", "http", "type"}, noEffect)...)
		l.walk(s, fields, name)
	}
	switch {
	case c.ExecutablePath != "":
	case !l.Compat:
		l.mistake(s.named.errorf(dotted(name, "description.defaultExecutablePath"), "not there: want the program that runs the functions"))
	case description == nil || len(description.kids) == 0:
		l.mistake(wireError(wireNoWorker))
	default:
		l.mistake(wireError(wireNoExecutable))
	}
	for _, text := range []*string{&c.ExecutablePath, &c.WorkerPath, &c.WorkingDirectory} {
		*text = l.expand(*text)
	}
	for _, list := range [][]string{c.Arguments, c.WorkerArguments} {
		for i := range list {
			list[i] = l.expand(list[i])
		}
	}
}

// expand replaces %NAME% by the variable of that name; unknown ones stay.
func (l *loader) expand(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "%")
		name, after, closed := strings.Cut(rest, "%")
		b.WriteString(before)
		if !ok || !closed {
			b.WriteString(text[len(before):])
			return b.String()
		}
		if value, known := l.Env[name]; known && name != "" {
			b.WriteString(value)
			text = after
		} else {
			b.WriteString("%" + name)
			text = rest[len(name):]
		}
	}
}

// timeout reads functionTimeout in Default; in Compat wireTimeout does.
func (l *loader) timeout(s *setting, name string) {
	if l.Compat || s.leaf && s.kind == jsonc.Null {
		return
	}
	h := &l.app.Host
	d, err := parseTimeSpan(s.text)
	longest := time.Duration(1<<63 - 1)
	if h.Consumption {
		longest = 10 * time.Minute
	}
	switch {
	case !s.leaf || s.kind != jsonc.String && s.kind != jsonc.Number:
		l.mistake(s.at.errorf(name, "%s, want a time span as \"hh:mm:ss\"", s.found()))
	case strings.TrimSpace(s.text) == "-1" && h.Consumption:
		l.mistake(s.at.errorf(name, "no bound is not possible on the Consumption plan: want at most 00:10:00"))
	case strings.TrimSpace(s.text) == "-1":
		h.FunctionTimeout = 0
	case err != nil:
		l.mistake(s.at.errorf(name, "%q is not a time span: want hh:mm:ss, or -1 for no bound", s.text))
	case d < time.Second || d > longest:
		l.mistake(s.at.errorf(name, "%q is out of range: want 00:00:01 to %s", s.text, spanText(longest)))
	default:
		h.FunctionTimeout = d
		if !strings.Contains(s.text, ":") {
			l.warn(s.at.errorf(name, "a number alone is days: %q is %s", s.text, spanText(d)))
		}
	}
}

// wireTimeout reads functionTimeout in Compat.
func (l *loader) wireTimeout(tree *setting) {
	s := tree.child("functionTimeout")
	if s == nil {
		return
	}
	text, ok := s.value()
	if !ok || text == "" {
		return
	}
	h := &l.app.Host
	d, err := parseTimeSpan(text)
	longest := time.Duration(1<<63 - 1)
	if h.Consumption {
		longest = 10 * time.Minute
	}
	switch {
	case err != nil:
		l.convert(text, "FunctionTimeout", "System.TimeSpan")
	case d == -24*time.Hour && !h.Consumption: // which "-1" is
		h.FunctionTimeout = 0
	case d < time.Second || d > longest:
		l.mistake(wiref(wireTimeout, spanText(longest)))
	default:
		h.FunctionTimeout = d
	}
}

// spanText writes a span as the reference does; the longest Duration stands for
// the longest span there.
func spanText(d time.Duration) string {
	if d == 1<<63-1 {
		return "10675199.02:48:05.4775807"
	}
	days := ""
	if n := d / (24 * time.Hour); n > 0 {
		days = fmt.Sprintf("%d.", n)
	}
	d %= 24 * time.Hour
	return fmt.Sprintf("%s%02d:%02d:%02d", days, d/time.Hour, d/time.Minute%60, d/time.Second%60)
}
