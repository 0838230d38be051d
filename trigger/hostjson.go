package trigger

import (
	"errors"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/internal/jsonc"
)

const hostFile = "host.json"

// defaultMaxBody is the body limit of the reference (ScriptConstants.cs).
const defaultMaxBody = 104_857_600

// hostDefaults returns the configuration of a host that configures nothing.
func (l *loader) hostDefaults() HostConfig {
	h := HostConfig{
		Version: "2.0",
		HTTP: HTTPConfig{
			RoutePrefix:            "api",
			MaxOutstandingRequests: -1,
			MaxConcurrentRequests:  -1,
			HSTS: HSTSConfig{
				MaxAge:        30 * 24 * time.Hour,
				ExcludedHosts: []string{"localhost", "127.0.0.1", "[::1]"},
			},
		},
		FunctionTimeout: 30 * time.Minute,
		HealthMonitor: HealthMonitorConfig{
			Enabled:          true,
			CheckInterval:    10 * time.Second,
			CheckWindow:      2 * time.Minute,
			CheckThreshold:   6,
			CounterThreshold: 0.80,
		},
		MaxBody:     defaultMaxBody,
		Consumption: l.Consumption,
		AppService:  l.Env["WEBSITE_INSTANCE_ID"] != "",
	}
	dynamic := l.Consumption
	if l.Compat {
		h.Consumption = h.Consumption || strings.EqualFold(l.Env["WEBSITE_SKU"], "Dynamic")
		dynamic = h.Consumption && h.AppService
	}
	if l.V1 {
		h.Version = ""
		h.FunctionTimeout = 0
	}
	if h.Consumption {
		h.FunctionTimeout = 5 * time.Minute
		if !l.V1 {
			h.HTTP.MaxOutstandingRequests = 200
			h.HTTP.MaxConcurrentRequests = 100
			h.HTTP.DynamicThrottlesEnabled = dynamic
		}
	}
	return h
}

// host reads host.json and the settings.
func (l *loader) host() error {
	l.app.Host = l.hostDefaults()
	text, err := l.readFile(hostFile)
	if err != nil {
		return err
	}
	tree := &setting{at: place{file: hostFile}, kind: jsonc.Object}
	legacy := l.V1
	switch v, ok := l.parseHost(text); {
	case !ok:
	case v == nil && l.Compat:
		l.writeHost(text == nil)
	case v == nil:
		if !l.V1 {
			l.warn(&ConfigError{File: hostFile, Reason: "no such file: the defaults apply"})
		}
	default:
		tree.merge(hostFile, v, "", l.twice())
		if !l.V1 {
			legacy = l.version(v)
		}
	}
	tree.overlay(l.Env)
	if !l.Compat || len(l.errs) == 0 {
		l.readHost(tree, legacy)
	}
	l.environment()
	return nil
}

// Files that the reference puts where there is no host.json, or an empty object
// (HostJsonFileConfigurationSource.cs).
const (
	emptyHost = "{\n  \"version\": \"2.0\",\n  \"isDefaultHostConfig\": true\n}"
	noHost    = "{\n  \"version\": \"2.0\",\n  \"isDefaultHostConfig\": true,\n" +
		"  \"extensionBundle\": {\n    \"id\": \"Microsoft.Azure.Functions.ExtensionBundle\",\n    \"version\": \"[4.*, 5.0.0)\"\n  }\n}"
)

// writeHost writes the default host.json, if the folder can be written.
func (l *loader) writeHost(missing bool) {
	files, ok := l.fsys.(Files)
	if !ok || l.V1 {
		return
	}
	text := emptyHost
	if missing {
		text = noHost
	}
	if err := files.Write(hostFile, strings.NewReader(text)); err != nil {
		l.warn(&ConfigError{File: hostFile, Reason: "the default file could not be written: " + err.Error()})
	}
}

// parseHost parses host.json; v is nil if it is missing or {}.
func (l *loader) parseHost(text []byte) (v *jsonc.Value, ok bool) {
	if text == nil {
		return nil, true
	}
	if l.Compat {
		v, err := jsonc.ParseLenient(text)
		var se *jsonc.SyntaxError
		if errors.As(err, &se) {
			root := l.Root
			if root != "" {
				root += "/"
			}
			l.mistake(wiref(wireHostParse, root+hostFile, se.Reason))
			return nil, false
		}
		if len(v.Members) == 0 {
			return nil, true
		}
		return v, true
	}
	v, err := l.parse(hostFile, text)
	if err != nil {
		l.mistake(err)
		return nil, false
	}
	if len(v.Members) == 0 {
		return nil, true
	}
	return v, true
}

// parse reads an object in Default.
func (l *loader) parse(file string, text []byte) (*jsonc.Value, error) {
	v, err := jsonc.Parse(text)
	var se *jsonc.SyntaxError
	switch {
	case errors.As(err, &se):
		return nil, place{file: file, pos: se.Pos}.errorf("", "%s", se.Reason)
	case err != nil:
		return nil, err
	case v.Kind != jsonc.Object:
		return nil, place{file: file, pos: v.Pos}.errorf("", "found %s, want an object", v.Kind)
	}
	return v, nil
}

// twice returns what to do about doubled names in host.json.
func (l *loader) twice() func(place, string) {
	if l.Compat {
		return nil
	}
	return func(at place, name string) {
		l.unknown(at.errorf(name, "set twice (names are compared ignoring case)"))
	}
}

// version checks the version of the file, and says whether the file is to be
// read as one of runtime 1.x: one without a version that has the http section
// where 1.x has it.
func (l *loader) version(v *jsonc.Value) (legacy bool) {
	version := v.Get("version")
	if l.Compat {
		l.wireVersion(version)
		return false
	}
	at := place{file: hostFile, pos: v.Pos}
	if version == nil {
		if v.Get("http") != nil && v.Get("extensions") == nil {
			l.warn(at.errorf("version", `not there: read as a file of runtime 1.x; set it to "2.0" and move http into extensions`))
			return true
		}
		l.mistake(at.errorf("version", `not there: want "2.0"`))
		return false
	}
	at.pos = version.Pos
	switch {
	case version.Kind == jsonc.String && version.Text == "2.0",
		version.Kind == jsonc.Number && (version.Text == "2.0" || version.Text == "2"):
	case version.Kind == jsonc.String || version.Kind == jsonc.Number:
		l.mistake(at.errorf("version", `%q is not a version of the schema: want "2.0"`, version.Text))
	default:
		l.mistake(at.errorf("version", `found %s, want "2.0"`, version.Kind))
	}
	return false
}

func (l *loader) wireVersion(version *jsonc.Value) {
	text := ""
	if version != nil {
		text = netText(version)
	}
	switch {
	case version != nil && version.Kind == jsonc.Array:
		l.mistake(wiref(wireVersionCast, "JArray"))
	case version != nil && version.Kind == jsonc.Object:
		l.mistake(wiref(wireVersionCast, "JObject"))
	case text == "":
		l.mistake(wireError(wireNoVersion))
	case text != "2.0":
		three := ""
		if strings.HasPrefix(text, "3") {
			three = wireVersionThree
		}
		l.mistake(wiref(wireVersion, text, three))
	}
}

// readHost reads the tree by the fields that host.json has.
func (l *loader) readHost(tree *setting, legacy bool) {
	h := &l.app.Host
	if legacy {
		h.Version = ""
	}
	fields := l.hostFields(h, legacy)
	if l.Compat {
		l.pick(tree, fields)
		l.wireTimeout(tree)
	} else {
		l.walk(tree, fields, "")
		l.checkHost(tree, legacy)
	}
}
