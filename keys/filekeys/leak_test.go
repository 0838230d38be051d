package filekeys_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/httptrigger/httptrigger/internal/leaktest"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/filekeys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
)

// The texts that may be nowhere: values, and keys of the encryption.
const (
	leakMaster = "planted-master-0123456789"
	leakValue  = "planted-value-0123456789"
	leakKey    = "planted-at-rest-key-0123456789ab" // 32 bytes
	leakKey2   = "planted-at-rest-two-0123456789ab"
	leakRing   = "planted-ring-key-0123456789abcdef"
)

func leakEnvelope(t *testing.T, of ...string) *atrest.Envelope {
	t.Helper()
	var list [][]byte
	for _, key := range of {
		list = append(list, []byte(key))
	}
	e, err := atrest.NewEnvelope(list...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func leakRingOf(t *testing.T, key string) *atrest.Ring {
	t.Helper()
	r, err := atrest.NewRing(atrest.RingKey{Key: keys.NewSecret(key)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestNothingLeaks breaks a folder in every way there is, lets every part of the
// library at it, and looks in all that comes out.
func TestNothingLeaks(t *testing.T) {
	keyText := func(key string) string {
		return "aes-256-gcm " + base64.StdEncoding.EncodeToString([]byte(key)) + "\n"
	}
	configs := map[string]filekeys.Config{
		"key file":  {},
		"envelope":  {Protector: leakEnvelope(t, leakKey)},
		"ring":      {Protector: leakRingOf(t, leakRing)},
		"in clear":  {InsecurePlain: true},
		"all forms": {Protector: leakEnvelope(t, leakKey2, leakKey), Decrypt: []keydoc.Protector{leakRingOf(t, leakRing)}},
		"other key": {Protector: leakEnvelope(t, leakKey2)},
	}
	breaks := map[string]func(data []byte) []byte{
		"whole":         func(data []byte) []byte { return data },
		"cut":           func(data []byte) []byte { return data[:len(data)*2/3] },
		"text after it": func(data []byte) []byte { return append(data, leakValue...) },
		"no quotes":     func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(`"value"`), []byte(leakValue)) },
		"value a list": func(data []byte) []byte {
			return bytes.ReplaceAll(data, []byte(`"value": `), []byte(`"value": ["`+leakValue+`"], "x": `))
		},
		"flag a text": func(data []byte) []byte {
			return bytes.ReplaceAll(data, []byte("true"), []byte(`"`+leakValue+`"`))
		},
		"said to be encrypted":     func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("false"), []byte("true")) },
		"said to be in clear":      func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("true"), []byte("false")) },
		"damaged":                  func(data []byte) []byte { return bytes.ReplaceAll(data, []byte("gcm1.AQ"), []byte("gcm1.AR")) },
		"key of another":           func(data []byte) []byte { return bytes.ReplaceAll(data, []byte(`"default"`), []byte(`"other"`)) },
		"member of the same name":  func(data []byte) []byte { return bytes.Replace(data, []byte("{"), []byte(`{"`+leakValue+`": 1,`), 1) },
		"no UTF-8":                 func(data []byte) []byte { return append([]byte("{\xff"), leakValue...) },
		"a value and nothing else": func([]byte) []byte { return []byte(leakValue) },
		"hash no hash": func(data []byte) []byte {
			return bytes.ReplaceAll(data, []byte(`"encrypted"`), []byte(`"hash": "`+leakValue+`", "encrypted"`))
		},
		"time no time": func(data []byte) []byte {
			return bytes.ReplaceAll(data, []byte(`"encrypted"`), []byte(`"used": "`+leakValue+`", "encrypted"`))
		},
	}
	for writes, from := range configs {
		for name, damage := range breaks {
			if name != "whole" && writes != "key file" && writes != "in clear" {
				continue // the same to what reads the document
			}
			for reads, to := range configs {
				if reads != writes && reads != "in clear" && (name != "whole" || reads == "key file") {
					continue // a damaged document does not come to be read by another key
				}
				t.Run(writes+" to "+reads+", "+name, func(t *testing.T) {
					sweep := leaktest.New(t, leakMaster, leakValue, leakKey, leakKey2, leakRing)
					from.Dir = t.TempDir()
					if writes == "key file" {
						writeFile(t, filepath.Join(from.Dir, filekeys.KeyFileName), []byte("# "+leakKey+"\n"+keyText(leakKey)))
					}
					leakFill(t, newStore(t, from))
					for _, s := range []keys.Scope{keys.HostScope(), orders} {
						path := filepath.Join(from.Dir, keydoc.FileName(s))
						data := damage(read(t, path))
						if name == "whole" && writes != "in clear" {
							sweep.Text("the document", string(data))
						}
						writeFile(t, path, data)
					}
					to.Dir = from.Dir
					leakUse(t, sweep, to)
				})
			}
		}
	}
	for name, text := range map[string]string{
		"another key": keyText(leakKey2), "two": keyText(leakKey2) + keyText(leakKey), "cut": keyText(leakKey)[:40], "bare": leakKey,
		"another name": "aes-128-gcm " + keyText(leakKey)[12:], "hex": "aes-256-gcm " + hex.EncodeToString([]byte(leakKey)), "text after it": keyText(leakKey) + leakValue,
	} {
		t.Run("key file, "+name, func(t *testing.T) {
			sweep := leaktest.New(t, leakMaster, leakValue, leakKey, leakKey2)
			c := filekeys.Config{Dir: t.TempDir()}
			key := filepath.Join(c.Dir, filekeys.KeyFileName)
			writeFile(t, key, []byte(keyText(leakKey)))
			leakFill(t, newStore(t, c))
			writeFile(t, key, []byte(text))
			leakUse(t, sweep, c)
		})
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// leakFill saves the planted values.
func leakFill(t *testing.T, store keys.Store) {
	t.Helper()
	for _, s := range []keys.Scope{keys.HostScope(), orders} {
		set := keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret(leakValue)}}}
		if s.IsHost() {
			set.Master = keys.Key{Name: "master", Value: keys.NewSecret(leakMaster)}
		}
		if err := store.Save(t.Context(), s, set); err != nil {
			t.Fatal(err)
		}
	}
}

// leakUse uses a folder in every way and looks in all that comes out.
func leakUse(t *testing.T, sweep *leaktest.Sweep, c filekeys.Config) {
	store, err := filekeys.New(c)
	sweep.Value("Config", c)
	if err != nil {
		sweep.Error("New", err)
		return
	}
	check := func(where string, err error) {
		if err != nil {
			sweep.Error(where, err)
		}
	}
	sweep.Value("Store", store)
	for _, compat := range []bool{false, true} {
		res := &keys.Resolver{Store: store, Compat: compat, TrackUse: true, Logger: sweep.Logger()}
		m := &keys.Manager{Store: store, Resolver: res, Compat: compat, Logger: sweep.Logger(), Audit: func(_ context.Context, e keys.Event) { sweep.Value("event", e) }}
		for _, s := range []keys.Scope{keys.HostScope(), orders} {
			set, err := store.Load(t.Context(), s)
			check("Load", err)
			sweep.Value("Set", set)
			check("Save", store.Save(t.Context(), s, keys.Set{Function: []keys.Key{{Name: leakBad, Value: keys.NewSecret(leakValue)}}}))
			_, err = m.Ensure(t.Context(), s)
			check("Ensure", err)
			_, err = m.Put(t.Context(), s, keys.FunctionKey, "put", keys.NewSecret(leakValue))
			check("Put", err)
		}
		guard := &keys.Guard{Resolver: res, Function: "orders", Compat: compat, Logger: sweep.Logger()}
		api, err := keys.NewAPI(keys.APIConfig{Manager: m, Compat: compat, Logger: sweep.Logger(), FunctionExists: func(string) bool { return true }})
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range []string{leakMaster, leakValue} {
			r := httptest.NewRequest("GET", "/admin/functions/orders/keys/absent?code="+value, nil)
			_, err := guard.Check(r)
			check("Check", err)
			for _, h := range []http.Handler{guard.Wrap(http.NotFoundHandler()), api} {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				sweep.Response("answer", w.Header(), w.Body.String())
			}
		}
		check("FlushUses", res.FlushUses(t.Context()))
		sweep.Value("Resolver", res)
		check("Rewrite", m.Rewrite(t.Context()))
		sweep.Logs("logs")
	}
	check("RotateKey", store.RotateKey(t.Context()))
}

// leakBad is the name of a key that no document can have.
const leakBad = "not UTF-8: \xff"

// TestOpenLeaksNothing: what does not make a store is told without secrets.
func TestOpenLeaksNothing(t *testing.T) {
	sweep := leaktest.New(t, leakKey, leakRing)
	_, err := filekeys.New(filekeys.Config{KeyFile: "x", InsecurePlain: true, Protector: leakEnvelope(t, leakKey), Decrypt: []keydoc.Protector{leakRingOf(t, leakRing)}})
	sweep.Error("New", err)
	_, err = atrest.NewEnvelope([]byte(leakKey[1:]), []byte(leakKey+leakRing))
	sweep.Error("NewEnvelope", err)
	_, err = atrest.NewRing(atrest.RingKey{Key: keys.NewSecret(leakRing)}, atrest.RingKey{Key: keys.NewSecret(leakKey)}, atrest.RingKey{})
	sweep.Error("NewRing", err)
	for _, name := range []string{"AzureWebEncryptionKey", "MACHINEKEY_DecryptionKey", "AzureWebEncryptionKey_x", "AzureWebPrimaryEncryptionKey"} {
		_, err = atrest.RingFromSettings(map[string]string{"AzureWebEncryptionKey": "AB", name: leakRing})
		if name != "MACHINEKEY_DecryptionKey" { // it is not looked at beside the other
			sweep.Error("RingFromSettings of "+name, err)
		}
	}
	ring, envelope := leakRingOf(t, leakRing), leakEnvelope(t, leakKey)
	entry := keydoc.Entry{Name: "default", Value: keys.NewSecret(leakKey)}
	for name, v := range map[string]any{
		"RingKey": atrest.RingKey{Key: keys.NewSecret(leakRing)}, "Ring": *ring, "*Ring": ring, "Envelope": *envelope, "*Envelope": envelope,
		"Chain": atrest.Chain{envelope, ring}, "Codec": keydoc.Codec{Protector: ring}, "*Codec": &keydoc.Codec{Protector: atrest.Chain{envelope, ring}},
		"Entry": entry, "*Entry": &entry, "Document": keydoc.Document{Keys: []keydoc.Entry{entry}, Master: &entry},
		"*Document": &keydoc.Document{Keys: []keydoc.Entry{entry}, Master: &entry}, "KeyFile": &atrest.KeyFile{Path: strings.Repeat("x", 9)},
	} {
		sweep.Value(name, v)
	}
	for i := range leakKey {
		_, _, err := envelope.Unprotect(keydoc.Place{}, fmt.Sprintf("gcm1.%s", base64.RawURLEncoding.EncodeToString([]byte(leakKey[i:]+leakKey))))
		sweep.Error("Unprotect", err)
		_, _, err = ring.Unprotect(keydoc.Place{}, base64.RawURLEncoding.EncodeToString([]byte(leakKey[i:]+leakKey)))
		sweep.Error("Unprotect", err)
	}
}
