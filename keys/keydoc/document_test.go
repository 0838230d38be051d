package keydoc_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

func TestParseErrorsQuoteNothing(t *testing.T) {
	for _, text := range []string{
		`sentinel`, `{"masterKey": sentinel}`, `{"masterKey": {"value": "sentinel", "encrypted": "sentinel"}, "functionKeys": []}`,
		`{"masterKey": {"value": ["sentinel"]}, "functionKeys": []}`, `{"masterKey": {"value": "sentinel`,
		`{"masterKey": {}, "functionKeys": ["sentinel"]}`, `{"masterKey": {}, "functionKeys": [{"hash": "sentinel"}]}`,
		`{"masterKey": {"expires": "sentinel"}, "functionKeys": []}`, `{"masterKey": {}, "functionKeys": []} sentinel`,
		`{"masterKey": {}, "functionKeys": [], "source": {"sentinel": 1}}`, `{"masterKey": {}, "functionKeys": [{"name": "a", "value": "sentinel", "encrypted": true}]}`,
	} {
		_, err := (&keydoc.Codec{}).Decode(keys.HostScope(), []byte(text))
		if err == nil || strings.Contains(err.Error(), "sentinel") {
			t.Errorf("%s: %v, want an error that quotes nothing", text, err)
		}
	}
}

func TestParseReadsMembersIgnoringCase(t *testing.T) {
	doc, err := keydoc.Parse(true, []byte(`{"masterKey": {"VALUE": "m", "x": 1}, "functionKeys": [{"Name": "a", "value": 12, "Encrypted": true, "value": 13}], "SystemKeys": []}`))
	if err != nil {
		t.Fatal(err)
	}
	if doc.Master.Value.Reveal() != "m" || doc.Functions[0].Name != "a" || doc.Functions[0].Value.Reveal() != "13" || !doc.Functions[0].Encrypted || doc.Systems == nil {
		t.Errorf("got %+v", doc)
	}
	if _, err := keydoc.Parse(false, []byte(`{"Keys": []}`)); !errors.Is(err, keydoc.ErrFormat) {
		t.Errorf("Keys for keys: %v, want ErrFormat", err)
	}
}

func TestChooseRepositoryRefuses(t *testing.T) {
	for _, settings := range []map[string]string{
		{"AzureWebJobsSecretStorageType": "anything", "AzureWebJobsStorage": "conn"},
		{"AzureWebJobsSecretStorageSas": ""},
		{"AzureWebJobsSecretStorageType": "blob"},
	} {
		if r, err := keydoc.ChooseRepository(settings, false); err == nil {
			t.Errorf("%v: %s, want an error", settings, r)
		}
	}
}

func TestScopeOf(t *testing.T) {
	for name, want := range map[string]string{"host.json": "host", "Host.JSON": "host", "Orders.json": `function "orders"`} {
		if s, ok := keydoc.ScopeOf(name); !ok || s.String() != want {
			t.Errorf("ScopeOf(%q) = %s, %t, want %s", name, s, ok, want)
		}
	}
	for _, name := range []string{"", ".json", "orders", "orders.snapshot.2024-10-24 14.32.17.123456.json", ".lock", "a b.json"} {
		if s, ok := keydoc.ScopeOf(name); ok {
			t.Errorf("ScopeOf(%q) = %s", name, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(true, []byte(`{"masterKey": {"name": "master", "value": "m", "encrypted": false}, "functionKeys": [{"name": "a\u2028", "value": "v", "hash": "x", "expires": "2026-01-01T00:00:00Z"}], "systemKeys": null}`))
	f.Add(false, []byte("\ufeff{\"keys\": [], \"hostName\": null}"))
	f.Add(true, []byte(`{"masterKey": "m", "functionKey": "f"}`))
	f.Fuzz(func(t *testing.T, host bool, data []byte) {
		doc, err := keydoc.Parse(host, data)
		if err != nil {
			return
		}
		first := doc.Text()
		again, err := keydoc.Parse(host, first)
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, first)
		}
		if second := again.Text(); !bytes.Equal(first, second) {
			t.Errorf("written, read and written again:\n%s\n%s", first, second)
		}
	})
}
