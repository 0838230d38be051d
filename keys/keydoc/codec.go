package keydoc

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/httptrigger/httptrigger/keys"
)

// A Protector encrypts the values of keys at rest. Package atrest has some. Its
// methods may be called concurrently; their errors never quote a value.
type Protector interface {
	// Protect encrypts a value for its place.
	Protect(p Place, value string) (string, error)

	// Unprotect decrypts a value of its place. Stale tells that it should be
	// encrypted anew, since Protect would use another key or form by now.
	Unprotect(p Place, text string) (value string, stale bool, err error)
}

// A Place says where a value stands. A Protector may bind the value to it.
type Place struct {
	Scope keys.Scope
	Kind  keys.Kind
	Name  string
}

// A Codec turns documents into sets of keys and back. The zero Codec writes
// values in clear and reads no encrypted ones. Its methods may be called
// concurrently.
type Codec struct {
	// Protector encrypts values; nil writes them in clear.
	Protector Protector

	// InsecurePlain writes values in clear all the same; Protector only decrypts.
	InsecurePlain bool

	// Origin is written into documents, for diagnosis. An empty HostName is
	// null, an empty InstanceID zeros, an empty Source "runtime".
	Origin keys.Origin
}

var errNoProtector = errors.New("it is encrypted, and there is no key to decrypt it")

// Decode reads the document of a scope. A value that cannot be decrypted is an
// error of the whole document. Errors do not quote values.
func (c *Codec) Decode(s keys.Scope, data []byte) (keys.Set, error) {
	doc, err := Parse(s.IsHost(), data)
	if err != nil {
		return keys.Set{}, err
	}
	var set keys.Set
	if s.IsHost() {
		if set.Master, err = c.key(s, keys.MasterKey, *doc.Master); err != nil {
			return keys.Set{}, err
		}
		set.Master.Name = keys.MasterName
		if set.System, err = c.list(s, keys.SystemKey, doc.Systems); err != nil {
			return keys.Set{}, err
		}
		set.Function, err = c.list(s, keys.FunctionKey, doc.Functions)
	} else {
		set.Function, err = c.list(s, keys.FunctionKey, doc.Keys)
	}
	if err != nil {
		return keys.Set{}, err
	}
	set.Origin = keys.Origin{
		HostName: value(doc.HostName), InstanceID: value(doc.InstanceID),
		Source: value(doc.Source), DecryptionKeyID: value(doc.DecryptionKeyID),
	}
	return set, nil
}

func (c *Codec) list(s keys.Scope, kind keys.Kind, entries []Entry) ([]keys.Key, error) {
	list := make([]keys.Key, 0, len(entries))
	for _, e := range entries {
		k, err := c.key(s, kind, e)
		if err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

func (c *Codec) key(s keys.Scope, kind keys.Kind, e Entry) (keys.Key, error) {
	k := keys.Key{Name: e.Name, Label: e.Label, Created: e.Created, NotBefore: e.NotBefore, Expires: e.Expires, Used: e.Used}
	fail := func(err error) (keys.Key, error) {
		return keys.Key{}, fmt.Errorf("%s key %q: %w", kind, e.Name, err)
	}
	text := e.Value.Reveal()
	if e.Encrypted {
		if c.Protector == nil {
			return fail(errNoProtector)
		}
		var err error
		if text, _, err = c.Protector.Unprotect(place(s, kind, e.Name), text); err != nil {
			return fail(err)
		}
	}
	k.Value = keys.NewSecret(text)
	if e.Hash != "" {
		h, err := keys.ParseHash(e.Hash)
		if err != nil {
			return fail(err)
		}
		k.Hash = h
	}
	return k, nil
}

// place returns the place of a key. Its name does not count for the master key,
// whose stored name is free.
func place(s keys.Scope, kind keys.Kind, name string) Place {
	if kind == keys.MasterKey {
		name = keys.MasterName
	}
	return Place{Scope: s, Kind: kind, Name: name}
}

// Stale reports whether a document should be written again: it is of version 0,
// or a value stands there otherwise than Encode would write it, in clear or
// encrypted with an older key or in another form. The error is that of Decode.
//
// The source takes values in clear for fresh (DefaultKeyValueConverterFactory.cs).
func (c *Codec) Stale(s keys.Scope, data []byte) (bool, error) {
	doc, err := Parse(s.IsHost(), data)
	if err != nil {
		return false, err
	}
	stale := doc.Version == 0
	check := func(kind keys.Kind, entries ...Entry) {
		for _, e := range entries {
			old := c.encrypts() && !e.Value.IsZero()
			if e.Encrypted {
				var entryErr error
				if old, entryErr = c.staleEntry(place(s, kind, e.Name), e); entryErr != nil && err == nil {
					err = fmt.Errorf("%s key %q: %w", kind, e.Name, entryErr)
				}
			}
			stale = stale || old
		}
	}
	if doc.Master != nil {
		check(keys.MasterKey, *doc.Master)
	}
	check(keys.SystemKey, doc.Systems...)
	check(keys.FunctionKey, doc.Functions...)
	check(keys.FunctionKey, doc.Keys...)
	if err != nil {
		return false, err
	}
	return stale, nil
}

func (c *Codec) encrypts() bool { return c.Protector != nil && !c.InsecurePlain }

// staleEntry reports whether an encrypted entry is stale.
func (c *Codec) staleEntry(p Place, e Entry) (bool, error) {
	if c.Protector == nil {
		return false, errNoProtector
	}
	_, old, err := c.Protector.Unprotect(p, e.Value.Reveal())
	return old || c.InsecurePlain, err
}

// Encode writes the document of a scope, without a byte-order mark.
func (c *Codec) Encode(s keys.Scope, set keys.Set) ([]byte, error) {
	doc := &Document{Version: 1}
	var err error
	if s.IsHost() {
		master, err := c.entry(s, keys.MasterKey, set.Master)
		if err != nil {
			return nil, err
		}
		doc.Master = &master
		if doc.Systems, err = c.entries(s, keys.SystemKey, set.System); err != nil {
			return nil, err
		}
		if doc.Functions, err = c.entries(s, keys.FunctionKey, set.Function); err != nil {
			return nil, err
		}
	} else if doc.Keys, err = c.entries(s, keys.FunctionKey, set.Function); err != nil {
		return nil, err
	}
	origin := c.Origin
	if origin.HostName != "" {
		doc.HostName = &origin.HostName
	}
	if origin.InstanceID == "" {
		origin.InstanceID = strings.Repeat("0", 32)
	}
	if origin.Source == "" {
		origin.Source = "runtime"
	}
	doc.InstanceID, doc.Source, doc.DecryptionKeyID = &origin.InstanceID, &origin.Source, &origin.DecryptionKeyID
	return doc.Text(), nil
}

func (c *Codec) entries(s keys.Scope, kind keys.Kind, list []keys.Key) ([]Entry, error) {
	entries := make([]Entry, 0, len(list))
	for _, k := range list {
		e, err := c.entry(s, kind, k)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (c *Codec) entry(s keys.Scope, kind keys.Kind, k keys.Key) (Entry, error) {
	if kind == keys.MasterKey {
		k.Name = keys.MasterName
	}
	fail := func(err error) (Entry, error) { return Entry{}, fmt.Errorf("%s key %q: %w", kind, k.Name, err) }
	e := Entry{Name: k.Name, Value: k.Value, Label: k.Label, Hash: k.Hash.Encode()}
	if !utf8.ValidString(e.Name) || !utf8.ValidString(e.Value.Reveal()) || !utf8.ValidString(e.Label) {
		return fail(errors.New("not UTF-8"))
	}
	for _, t := range []struct{ from, to *time.Time }{{&k.Created, &e.Created}, {&k.NotBefore, &e.NotBefore}, {&k.Expires, &e.Expires}, {&k.Used, &e.Used}} {
		if *t.to = t.from.UTC(); t.to.Year() < 0 || t.to.Year() > 9999 {
			return fail(errors.New("a time has no four digits of the year"))
		}
	}
	if c.encrypts() && !e.Value.IsZero() {
		text, err := c.Protector.Protect(place(s, kind, k.Name), e.Value.Reveal())
		if err != nil {
			return fail(err)
		}
		e.Value, e.Encrypted = keys.NewSecret(text), true
	}
	return e, nil
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
