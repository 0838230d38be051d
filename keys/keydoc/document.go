package keydoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/keys"
)

// What Parse returns, wrapped.
var (
	// ErrFormat is a text that is JSON but no key document.
	ErrFormat = errors.New("not a key document")

	// ErrEmpty is a document without a byte. The source takes it for none and
	// makes new keys.
	ErrEmpty = errors.New("empty document")
)

// A Document is a key document as it is stored. Values may be encrypted.
type Document struct {
	// Version is 0 or 1. Documents are written in version 1.
	Version int

	// Master, Functions and Systems are of the host's document; Keys are of a
	// function's. A list that is absent or null is nil.
	Master    *Entry
	Functions []Entry
	Systems   []Entry
	Keys      []Entry

	// Where it was written; nil if absent or null.
	HostName, InstanceID, Source, DecryptionKeyID *string
}

// An Entry is one key of a Document. Printing one gives its name; encoding one
// does not give its value.
type Entry struct {
	Name      string
	Value     keys.Secret // as it stands there, encrypted or not
	Encrypted bool

	// Members the source does not know, and ignores.
	Hash, Label                       string
	Created, NotBefore, Expires, Used time.Time
}

// Format writes the name in quotes, whatever the verb.
func (e Entry) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "key %q", e.Name) }

// byteOrderMark may begin a document, and begins those in files.
const byteOrderMark = "\ufeff"

// Parse reads the document of the host, or else of a function. Errors do not
// quote the text.
func Parse(host bool, data []byte) (*Document, error) {
	if data = bytes.TrimPrefix(data, []byte(byteOrderMark)); len(data) == 0 {
		return nil, ErrEmpty
	}
	top, err := object(data)
	if err != nil {
		return nil, err
	}
	if host {
		return parseHost(top)
	}
	return parseFunction(top)
}

func parseHost(top members) (*Document, error) {
	master, functions := top.exact("masterKey"), top.exact("functionKeys")
	switch {
	case kindOf(master) == '"':
		d := &Document{Master: &Entry{Name: "master", Value: keys.NewSecret(text(master))}, Functions: []Entry{}}
		if f := top.exact("functionKey"); kindOf(f) == '"' {
			d.Functions = []Entry{{Name: "default", Value: keys.NewSecret(text(f))}}
		}
		return d, nil
	case kindOf(master) != '{' || kindOf(functions) != '[':
		return nil, ErrFormat
	}
	d := &Document{Version: 1}
	entry, err := parseEntry(master)
	if err != nil {
		return nil, fmt.Errorf("masterKey: %w", err)
	}
	d.Master = &entry
	if d.Functions, err = parseList("functionKeys", functions); err != nil {
		return nil, err
	}
	if d.Systems, err = parseList("systemKeys", top.folded("systemKeys")); err != nil {
		return nil, err
	}
	return d, d.parseOrigin(top)
}

func parseFunction(top members) (*Document, error) {
	key, list := top.exact("key"), top.exact("keys")
	switch kindOf(key) {
	case '"':
		return &Document{Keys: []Entry{{Name: "default", Value: keys.NewSecret(text(key))}}}, nil
	case 'n':
		return &Document{Keys: []Entry{}}, nil
	}
	if kindOf(list) != '[' {
		return nil, ErrFormat
	}
	d := &Document{Version: 1}
	var err error
	if d.Keys, err = parseList("keys", list); err != nil {
		return nil, err
	}
	return d, d.parseOrigin(top)
}

func (d *Document) parseOrigin(top members) error {
	for _, m := range []struct {
		name string
		to   **string
	}{{"hostName", &d.HostName}, {"instanceId", &d.InstanceID}, {"source", &d.Source}, {"decryptionKeyId", &d.DecryptionKeyID}} {
		switch raw := top.folded(m.name); kindOf(raw) {
		case 0, 'n':
		case '"':
			s := text(raw)
			*m.to = &s
		default:
			return fmt.Errorf("%s: not a text", m.name)
		}
	}
	return nil
}

func parseList(name string, raw json.RawMessage) ([]Entry, error) {
	switch kindOf(raw) {
	case 0, 'n':
		return nil, nil
	case '[':
	default:
		return nil, fmt.Errorf("%s: not a list", name)
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, jsonError(err)
	}
	list := make([]Entry, 0, len(items))
	for i, item := range items {
		e, err := parseEntry(item)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", name, i, err)
		}
		list = append(list, e)
	}
	return list, nil
}

func parseEntry(raw json.RawMessage) (Entry, error) {
	if kindOf(raw) != '{' {
		return Entry{}, errors.New("not an object")
	}
	all, err := object(raw)
	if err != nil {
		return Entry{}, err
	}
	var e Entry
	var value string
	texts := []struct {
		name string
		to   *string
	}{{"name", &e.Name}, {"value", &value}, {"hash", &e.Hash}, {"label", &e.Label}}
	for _, m := range texts {
		switch raw := all.folded(m.name); kindOf(raw) {
		case 0, 'n':
		case '"':
			*m.to = text(raw)
		case '0':
			*m.to = string(raw) // the source takes a number for its text
		default:
			return Entry{}, fmt.Errorf("%s: not a text", m.name)
		}
	}
	e.Value = keys.NewSecret(value)
	if e.Encrypted, err = truth(all.folded("encrypted")); err != nil {
		return Entry{}, fmt.Errorf("encrypted: %w", err)
	}
	times := []struct {
		name string
		to   *time.Time
	}{{"created", &e.Created}, {"notBefore", &e.NotBefore}, {"expires", &e.Expires}, {"used", &e.Used}}
	for _, m := range times {
		raw := all.folded(m.name)
		if kindOf(raw) == 0 || kindOf(raw) == 'n' {
			continue
		}
		if *m.to, err = time.Parse(time.RFC3339Nano, text(raw)); err != nil {
			return Entry{}, fmt.Errorf("%s: not a time", m.name)
		}
	}
	return e, nil
}

// truth reads a boolean as the source's JSON library does: also from its text, in
// any casing, and from a number. Absent or null is false.
func truth(raw json.RawMessage) (bool, error) {
	switch kindOf(raw) {
	case 0, 'n', 'f':
		return false, nil
	case 't':
		return true, nil
	case '0':
		if n, err := strconv.ParseFloat(string(raw), 64); err == nil {
			return n != 0, nil
		}
	case '"':
		if s := text(raw); strings.EqualFold(s, "true") || strings.EqualFold(s, "false") {
			return strings.EqualFold(s, "true"), nil
		}
	}
	return false, errors.New("neither true nor false")
}

// members are those of an object, in order.
type members []struct {
	name string
	raw  json.RawMessage
}

// object reads the members of an object.
func object(data []byte) (members, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	start, err := dec.Token()
	if err != nil {
		return nil, jsonError(err)
	}
	if start != json.Delim('{') {
		return nil, ErrFormat
	}
	var all members
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, jsonError(err)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return nil, jsonError(err)
		}
		all = append(all, struct {
			name string
			raw  json.RawMessage
		}{name.(string), raw})
	}
	if _, err := dec.Token(); err != nil {
		return nil, jsonError(err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("offset %d: text after the document", dec.InputOffset())
	}
	return all, nil
}

// exact returns the last member of the name, or nil.
func (all members) exact(name string) json.RawMessage {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].name == name {
			return all[i].raw
		}
	}
	return nil
}

// folded returns the last member of the name, ignoring case, or nil.
func (all members) folded(name string) json.RawMessage {
	for i := len(all) - 1; i >= 0; i-- {
		if strings.EqualFold(all[i].name, name) {
			return all[i].raw
		}
	}
	return nil
}

// kindOf returns the first byte of a value, '0' for numbers, 0 for none.
func kindOf(raw json.RawMessage) byte {
	switch {
	case len(raw) == 0:
		return 0
	case raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

// text returns the value of a JSON string, or "".
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// jsonError keeps the offset of a JSON error and drops the text it quotes.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("offset %d: not JSON", syntax.Offset)
	}
	return errors.New("not JSON: it ends early")
}
