package atrest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

var place = keydoc.Place{Scope: keys.FunctionScope("orders"), Kind: keys.FunctionKey, Name: "default"}

func key(c byte) []byte { return bytes.Repeat([]byte{c}, 32) }

func secret(c byte) keys.Secret { return keys.NewSecret(string(key(c))) }

func envelope(t *testing.T, keys ...[]byte) *atrest.Envelope {
	t.Helper()
	e, err := atrest.NewEnvelope(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ring(t *testing.T, keys ...atrest.RingKey) *atrest.Ring {
	t.Helper()
	r, err := atrest.NewRing(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRotation(t *testing.T) {
	id := uuid.MustParse("6a9dbd43-1f2c-4a0b-8f3e-0123456789ab")
	tests := map[string]struct{ old, both, other keydoc.Protector }{
		"envelope": {envelope(t, key(1)), envelope(t, key(2), key(1)), envelope(t, key(3))},
		"ring":     {ring(t, atrest.RingKey{Key: secret(1)}), ring(t, atrest.RingKey{ID: id, Key: secret(2)}, atrest.RingKey{Key: secret(1)}), ring(t, atrest.RingKey{ID: id, Key: secret(3)})},
		"chain":    {ring(t, atrest.RingKey{Key: secret(1)}), atrest.Chain{envelope(t, key(2)), ring(t, atrest.RingKey{Key: secret(1)})}, atrest.Chain{envelope(t, key(3)), ring(t, atrest.RingKey{ID: id, Key: secret(3)})}},
	}
	for name, tt := range tests {
		for _, value := range []string{"", "x", "schlüssel", strings.Repeat("v", 4096)} {
			text, err := tt.old.Protect(place, value)
			if err != nil {
				t.Fatal(err)
			}
			if got, stale, err := tt.old.Unprotect(place, text); got != value || stale || err != nil {
				t.Errorf("%s: with the same key: stale %t, %v", name, stale, err)
			}
			if got, stale, err := tt.both.Unprotect(place, text); got != value || !stale || err != nil {
				t.Errorf("%s: with a newer key first: stale %t, %v", name, stale, err)
			}
			if _, _, err := tt.other.Unprotect(place, text); !errors.Is(err, atrest.ErrForeign) {
				t.Errorf("%s: without the key: %v, want ErrForeign", name, err)
			}
		}
	}
}

// Processes may know a key file by different names. A rotation by one of them keeps
// it one file: else what one encrypts the other could not read.
func TestKeyFileBehindLink(t *testing.T) {
	dir := t.TempDir()
	file := &atrest.KeyFile{Path: filepath.Join(dir, "real")}
	link := &atrest.KeyFile{Path: filepath.Join(dir, "link")}
	if err := errors.Join(file.Create(), os.Symlink("real", link.Path), link.Create()); err != nil {
		t.Fatal(err)
	}
	for i, change := range []func(context.Context) error{link.Add, file.Add, link.Prune} {
		if err := change(t.Context()); err != nil {
			t.Fatal(err)
		}
		text, err := link.Protect(place, "value")
		if err != nil {
			t.Fatal(err)
		}
		if got, stale, err := file.Unprotect(place, text); got != "value" || stale || err != nil {
			t.Errorf("change %d: by the other name: stale %t, %v", i, stale, err)
		}
	}
	if to, err := os.Readlink(link.Path); to != "real" || err != nil {
		t.Errorf("the link leads to %q, %v", to, err)
	}
}

// A key file that was rotated twice within a tick of the file system's clock may look
// as before: the same size, the same time, and the same place on the disk.
func TestKeyFileThatLooksTheSame(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	file, other := &atrest.KeyFile{Path: path}, &atrest.KeyFile{Path: path}
	at := time.Now()
	write := func(c byte) {
		text := "aes-256-gcm " + base64.StdEncoding.EncodeToString(key(c)) + "\n"
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	if _, err := file.Protect(place, "value"); err != nil {
		t.Fatal(err)
	}
	write(2)
	text, err := file.Protect(place, "value")
	if err != nil {
		t.Fatal(err)
	}
	if got, stale, err := other.Unprotect(place, text); got != "value" || stale || err != nil {
		t.Errorf("encrypted with a key that is gone: stale %t, %v", stale, err)
	}
}

func TestEnvelopeBindsPlace(t *testing.T) {
	e := envelope(t, key(1))
	text, err := e.Protect(place, "value")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []keydoc.Place{
		{Scope: keys.FunctionScope("invoices"), Kind: keys.FunctionKey, Name: "default"},
		{Scope: keys.HostScope(), Kind: keys.FunctionKey, Name: "default"},
		{Scope: place.Scope, Kind: keys.SystemKey, Name: "default"},
		{Scope: place.Scope, Kind: keys.FunctionKey, Name: "defaul"},
	} {
		if _, _, err := e.Unprotect(p, text); !errors.Is(err, atrest.ErrDamaged) {
			t.Errorf("at %v: %v, want ErrDamaged", p, err)
		}
	}
}

func TestEveryChangeIsRefused(t *testing.T) {
	for name, p := range map[string]keydoc.Protector{"envelope": envelope(t, key(1)), "ring": ring(t, atrest.RingKey{Key: secret(1)})} {
		text, err := p.Protect(place, "value")
		if err != nil {
			t.Fatal(err)
		}
		mark := ""
		if atrest.IsEnvelope(text) {
			mark = text[:strings.Index(text, ".")+1]
		}
		data, err := base64.RawURLEncoding.DecodeString(text[len(mark):])
		if err != nil {
			t.Fatal(err)
		}
		for i := range mark {
			if _, _, err := p.Unprotect(place, mark[:i]+mark[i+1:]+text[len(mark):]); err == nil {
				t.Errorf("%s: byte %d of the mark left out: accepted", name, i)
			}
		}
		for i := range data {
			data[i] ^= 0x40
			if _, _, err := p.Unprotect(place, mark+base64.RawURLEncoding.EncodeToString(data)); err == nil {
				t.Errorf("%s: byte %d changed: accepted", name, i)
			}
			data[i] ^= 0x40
			if _, _, err := p.Unprotect(place, mark+base64.RawURLEncoding.EncodeToString(data[:i])); err == nil {
				t.Errorf("%s: cut to %d bytes: accepted", name, i)
			}
		}
	}
}

func TestRingFromSettings(t *testing.T) {
	const a, b = "6a9dbd43-1f2c-4a0b-8f3e-0123456789ab", "00000000-0000-0000-0000-000000000001"
	settings := map[string]string{"AzureWebEncryptionKey": "AA", "MACHINEKEY_DecryptionKey": "BB"}
	first, err := atrest.RingFromSettings(settings)
	if err != nil {
		t.Fatal(err)
	}
	text, err := first.Protect(place, "value")
	if err != nil || !strings.HasPrefix(text, "CfDJ8"+strings.Repeat("A", 21)) {
		t.Errorf("under the default key: %v", err)
	}
	settings["AzureWebEncryptionKey_"+a] = "0102f"
	settings["AzureWebEncryptionKey_"+b] = "03"
	settings["AzureWebPrimaryEncryptionKey"] = strings.ToUpper(a)
	second, err := atrest.RingFromSettings(settings)
	if err != nil {
		t.Fatal(err)
	}
	if got, stale, err := second.Unprotect(place, text); got != "value" || !stale || err != nil {
		t.Errorf("after a new primary key: stale %t, %v", stale, err)
	}
	for name, bad := range map[string]map[string]string{
		"none":               {},
		"not hexadecimal":    {"AzureWebEncryptionKey": "sentinel"},
		"one digit":          {"AzureWebEncryptionKey": "A"},
		"primary missing":    {"AzureWebEncryptionKey": "AA", "AzureWebPrimaryEncryptionKey": b},
		"primary not a GUID": {"AzureWebEncryptionKey": "AA", "AzureWebPrimaryEncryptionKey": "x"},
		"not a GUID":         {"AzureWebEncryptionKey": "AA", "AzureWebEncryptionKey_x": "AA"},
		"two of one ID":      {"AzureWebEncryptionKey": "AA", "AzureWebEncryptionKey_00000000-0000-0000-0000-000000000000": "AA"},
	} {
		if _, err := atrest.RingFromSettings(bad); err == nil || strings.Contains(err.Error(), "sentinel") {
			t.Errorf("%s: %v, want an error without the value", name, err)
		}
	}
}

func TestNothingPrints(t *testing.T) {
	secret := []byte("sentinel sentinel sentinel senti")
	for _, v := range []any{atrest.RingKey{Key: keys.NewSecret(string(secret))}, ring(t, atrest.RingKey{Key: keys.NewSecret(string(secret))}), envelope(t, secret)} {
		if text := fmt.Sprintf("%v %+v %#v %s", v, v, v, v); strings.Contains(text, "sentinel") || strings.Contains(text, "115, 101") {
			t.Errorf("%T shows its key", v)
		}
	}
	if _, err := atrest.NewEnvelope([]byte("sentinel")); err == nil || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("a short key: %v", err)
	}
}

func TestCodecEncrypts(t *testing.T) {
	codec := &keydoc.Codec{Protector: envelope(t, key(1))}
	set := keys.Set{Master: keys.Key{Value: keys.NewSecret("sentinel-master")}, Function: []keys.Key{{Name: "default", Value: keys.NewSecret("sentinel-value")}}}
	data, err := codec.Encode(keys.HostScope(), set)
	if err != nil || bytes.Contains(data, []byte("sentinel")) {
		t.Fatalf("Encode: %v, or a value in clear", err)
	}
	got, err := codec.Decode(keys.HostScope(), data)
	if err != nil || !got.Function[0].Value.Equal(set.Function[0].Value) || !got.Master.Value.Equal(set.Master.Value) {
		t.Errorf("Decode: %v", err)
	}
	next := &keydoc.Codec{Protector: envelope(t, key(2), key(1))}
	plain, err := (&keydoc.Codec{}).Encode(keys.HostScope(), set)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		codec *keydoc.Codec
		data  []byte
		want  bool
	}{
		{"the same key", codec, data, false},
		{"a newer key", next, data, true},
		{"in clear", codec, plain, true},
		{"in clear on purpose", &keydoc.Codec{}, plain, false},
		{"in clear, to be so from now on", &keydoc.Codec{Protector: envelope(t, key(1)), InsecurePlain: true}, data, true},
		{"version 0", &keydoc.Codec{}, []byte(`{"masterKey": "m"}`), true},
	} {
		if got, err := tt.codec.Stale(keys.HostScope(), tt.data); got != tt.want || err != nil {
			t.Errorf("%s: Stale = %t, %v", tt.name, got, err)
		}
	}
	if _, err := (&keydoc.Codec{}).Stale(keys.HostScope(), data); err == nil {
		t.Error("Stale of what cannot be decrypted is no error")
	}
	for name, wrong := range map[string]keydoc.Codec{"no key": {}, "another key": {Protector: envelope(t, key(3))}} {
		if _, err := wrong.Decode(keys.HostScope(), data); err == nil {
			t.Errorf("%s: decoded", name)
		}
	}
}
