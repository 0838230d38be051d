package keydoc

import (
	"bytes"
	"fmt"
	"time"
)

// Text returns the document as the source writes version 1: two spaces of
// indentation, members in order, null for what is nil, no final line end, no
// byte-order mark.
func (d *Document) Text() []byte {
	w := &writer{}
	w.open('{')
	if d.Master != nil {
		w.member("masterKey")
		w.entry(*d.Master)
		w.list("functionKeys", d.Functions)
		w.list("systemKeys", d.Systems)
	} else {
		w.list("keys", d.Keys)
	}
	w.text("hostName", d.HostName)
	w.text("instanceId", d.InstanceID)
	w.text("source", d.Source)
	w.text("decryptionKeyId", d.DecryptionKeyID)
	w.close('}')
	return w.b.Bytes()
}

// writer writes indented JSON.
type writer struct {
	b     bytes.Buffer
	depth int
	more  bool // the value that comes next is not the first of its parent
}

func (w *writer) line() {
	w.b.WriteByte('\n')
	for range w.depth {
		w.b.WriteString("  ")
	}
}

func (w *writer) open(c byte) {
	w.b.WriteByte(c)
	w.depth++
	w.more = false
}

func (w *writer) close(c byte) {
	w.depth--
	if w.more {
		w.line()
	}
	w.b.WriteByte(c)
	w.more = true
}

func (w *writer) next() {
	if w.more {
		w.b.WriteByte(',')
	}
	w.line()
	w.more = true
}

func (w *writer) member(name string) {
	w.next()
	w.quote(name)
	w.b.WriteString(": ")
}

func (w *writer) text(name string, s *string) {
	w.member(name)
	if s == nil {
		w.b.WriteString("null")
		return
	}
	w.quote(*s)
}

func (w *writer) list(name string, list []Entry) {
	w.member(name)
	if list == nil {
		w.b.WriteString("null")
		return
	}
	w.open('[')
	for _, e := range list {
		w.next()
		w.entry(e)
	}
	w.close(']')
}

func (w *writer) entry(e Entry) {
	w.open('{')
	w.text("name", &e.Name)
	value := e.Value.Reveal()
	w.text("value", &value)
	w.member("encrypted")
	fmt.Fprint(&w.b, e.Encrypted)
	if e.Hash != "" {
		w.text("hash", &e.Hash)
	}
	if e.Label != "" {
		w.text("label", &e.Label)
	}
	w.time("created", e.Created)
	w.time("notBefore", e.NotBefore)
	w.time("expires", e.Expires)
	w.time("used", e.Used)
	w.close('}')
}

func (w *writer) time(name string, t time.Time) {
	if !t.IsZero() {
		s := t.UTC().Format(time.RFC3339Nano)
		w.text(name, &s)
	}
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// quote writes a string with the escapes of the source's JSON library and no
// others: control characters, and the three line separators.
func (w *writer) quote(s string) {
	w.b.WriteByte('"')
	for _, c := range s {
		short := shortEscapes[c]
		switch {
		case short != "":
			w.b.WriteString(short)
		case c < 0x20 || c == 0x85 || c == 0x2028 || c == 0x2029:
			fmt.Fprintf(&w.b, `\u%04x`, c)
		default:
			w.b.WriteRune(c)
		}
	}
	w.b.WriteByte('"')
}
