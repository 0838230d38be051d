package blobkeys_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/atrest"
	"github.com/httptrigger/httptrigger/keys/blobkeys"
	"github.com/httptrigger/httptrigger/keys/keydoc"
	"github.com/httptrigger/httptrigger/keys/storetest"
)

var orders = keys.FunctionScope("orders")

func client(t *testing.T, connection string) *container.Client {
	t.Helper()
	c, err := container.NewClientFromConnectionString(connection, blobkeys.Container, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func envelope(t *testing.T, of ...byte) *atrest.Envelope {
	t.Helper()
	var list [][]byte
	for _, b := range of {
		list = append(list, bytes.Repeat([]byte{b}, 32))
	}
	e, err := atrest.NewEnvelope(list...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestAzurite(t *testing.T) {
	azurite := backend.StartAzurite(t)
	var apps atomic.Int64
	prefixes := map[keys.Store]string{}
	open := func(t *testing.T, prefix string) *blobkeys.Store {
		store, err := blobkeys.New(blobkeys.Config{
			Client: client(t, azurite.ConnectionString), Prefix: prefix, Protector: envelope(t, 1),
			CreateContainer: true, Interval: 50 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	document := func(t *testing.T, store keys.Store, s keys.Scope) *blockblob.Client {
		return client(t, azurite.ConnectionString).NewBlockBlobClient(keydoc.BlobName(prefixes[store], s))
	}
	t.Run("storetest", func(t *testing.T) {
		storetest.Run(t, storetest.Harness{
			Encrypted: true,
			Open: func(t *testing.T) keys.Store {
				prefix := fmt.Sprint("app", apps.Add(1))
				store := open(t, prefix)
				prefixes[store] = prefix
				return store
			},
			Second: func(t *testing.T, store keys.Store) keys.Store { return open(t, prefixes[store]) },
			Corrupt: func(t *testing.T, store keys.Store, s keys.Scope, data []byte) {
				if _, err := document(t, store, s).UploadBuffer(t.Context(), data, nil); err != nil {
					t.Fatal(err)
				}
			},
			Stored: func(t *testing.T, store keys.Store, s keys.Scope) []byte {
				got, err := document(t, store, s).DownloadStream(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				data, err := io.ReadAll(got.Body)
				if err != nil {
					t.Fatal(err)
				}
				return data
			},
		})
	})
	t.Run("open", func(t *testing.T) {
		settings := map[string]string{
			"AzureWebJobsStorage": azurite.ConnectionString, "WEBSITE_SITE_NAME": "MyApp", "WEBSITE_SLOT_NAME": "Staging",
			"AzureWebEncryptionKey": strings.Repeat("AB", 32),
		}
		store, err := blobkeys.Open(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		set, err := (&keys.Manager{Store: store}).Ensure(t.Context(), keys.HostScope())
		if err != nil {
			t.Fatal(err)
		}
		got, err := client(t, azurite.ConnectionString).NewBlobClient("myapp-staging/host.json").DownloadStream(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(got.Body)
		if err != nil || bytes.Contains(data, []byte(set.Master.Value.Reveal())) || bytes.HasPrefix(data, []byte("\ufeff")) {
			t.Errorf("the document has a mark, or a value in clear, %v", err)
		}
		settings["AzureWebEncryptionKey"] = strings.Repeat("CD", 32)
		if store, err = blobkeys.Open(settings, nil); err != nil {
			t.Fatal(err)
		}
		var corrupt *keys.CorruptError
		if _, err := (&keys.Manager{Store: store}).Ensure(t.Context(), keys.HostScope()); !errors.As(err, &corrupt) || !errors.Is(err, atrest.ErrForeign) {
			t.Errorf("with another key: %v, want a *keys.CorruptError", err)
		}
		settings["AzureWebEncryptionKey"] = strings.Repeat("AB", 32)
		if store, err = blobkeys.Open(settings, nil); err != nil {
			t.Fatal(err)
		}
		if again, err := store.Load(t.Context(), keys.HostScope()); err != nil || !again.Master.Value.Equal(set.Master.Value) {
			t.Errorf("after that the keys are not the same, %v", err)
		}
	})
	t.Run("forms", func(t *testing.T) {
		settings := map[string]string{
			"AzureWebJobsStorage": azurite.ConnectionString, "WEBSITE_SITE_NAME": "forms", "AzureWebEncryptionKey": strings.Repeat("AB", 32),
		}
		stored := func(s keys.Scope) string {
			got, err := client(t, azurite.ConnectionString).NewBlobClient(keydoc.BlobName("forms", s)).DownloadStream(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(got.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(data)
		}
		value := keys.NewSecret("sentinel-value-0123456789")
		for _, step := range []struct {
			name    string
			options *blobkeys.Options
			written string
		}{
			{"in clear", &blobkeys.Options{InsecurePlain: true}, value.Reveal()},
			{"the source's", &blobkeys.Options{Compat: true}, `"CfDJ8`},
			{"the default", nil, `"gcm1.`},
			{"a key of the program's", &blobkeys.Options{Protector: envelope(t, 1)}, `"gcm1.`},
			{"a newer one", &blobkeys.Options{Protector: envelope(t, 2, 1)}, `"gcm1.`},
		} {
			store, err := blobkeys.Open(settings, step.options)
			if err != nil {
				t.Fatal(err)
			}
			set, err := store.Load(t.Context(), orders)
			switch {
			case errors.Is(err, keys.ErrNotFound):
				set = keys.Set{Function: []keys.Key{{Name: "default", Value: value}}}
				for _, s := range []keys.Scope{orders, keys.HostScope()} {
					if err := store.Save(t.Context(), s, set); err != nil {
						t.Fatal(err)
					}
				}
			case err != nil || !set.Function[0].Value.Equal(value):
				t.Fatalf("%s: what was there is not read: %v", step.name, err)
			default:
				if done, err := store.(keys.Rewriter).Rewrite(t.Context()); len(done) != 2 || err != nil {
					t.Errorf("%s: Rewrite = %v, %v, want two documents", step.name, done, err)
				}
			}
			if done, err := store.(keys.Rewriter).Rewrite(t.Context()); len(done) != 0 || err != nil {
				t.Errorf("%s: Rewrite again = %v, %v, want nothing to do", step.name, done, err)
			}
			for _, s := range []keys.Scope{orders, keys.HostScope()} {
				if !strings.Contains(stored(s), step.written) {
					t.Errorf("%s: %s: %q is not in the document", step.name, s, step.written)
				}
			}
		}
		delete(settings, "AzureWebEncryptionKey")
		if _, err := blobkeys.Open(settings, nil); err == nil || !strings.Contains(err.Error(), "InsecurePlain") {
			t.Errorf("without a key: %v, want an error that says what to do", err)
		}
	})
	t.Run("resolver watches", func(t *testing.T) {
		store := open(t, "watched")
		res := &keys.Resolver{Store: store}
		manager := &keys.Manager{Store: open(t, "watched")} // another process
		first, err := manager.Ensure(t.Context(), orders)
		if err != nil {
			t.Fatal(err)
		}
		value := first.Function[0].Value.Reveal()
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		if grant, err := res.Resolve(ctx, "orders", value); err != nil || grant.Name != "default" {
			t.Fatalf("%v, %v", grant, err)
		}
		watching := make(chan error, 1)
		go func() { watching <- res.Watch(ctx) }()
		for name := 0; ; name++ { // the watch may begin after the first changes
			if _, _, err := manager.Renew(ctx, orders, keys.FunctionKey, "default"); err != nil {
				t.Fatal(err)
			}
			if grant, err := res.Resolve(ctx, "orders", value); err == nil && grant.Kind == keys.NoKey {
				break
			} else if ctx.Err() != nil {
				t.Fatal("a key that was renewed goes on working")
			}
		}
		cancel()
		<-watching
	})
}

func TestErrorsShowNoSignature(t *testing.T) {
	options := &container.ClientOptions{}
	options.Retry = policy.RetryOptions{MaxRetries: -1}
	c, err := container.NewClientWithNoCredential("http://127.0.0.1:1/keys?sv=2020&sig=sentinel", options)
	if err != nil {
		t.Fatal(err)
	}
	store, err := blobkeys.New(blobkeys.Config{Client: c, Prefix: "app", InsecurePlain: true})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Load(t.Context(), orders)
	if err == nil || errors.Is(err, keys.ErrNotFound) || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("Load with nobody there: %v, want an error without the signature", err)
	}
	err = store.Save(t.Context(), orders, keys.Set{})
	if err == nil || strings.Contains(err.Error(), "sentinel") {
		t.Errorf("Save with nobody there: %v, want an error without the signature", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, settings := range map[string]map[string]string{
		"nothing":             {},
		"no site":             {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
		"no directory":        {"AzureWebJobsSecretStorageType": "files"},
		"key vault":           {"AzureWebJobsSecretStorageType": "keyvault"},
		"kubernetes":          {"AzureWebJobsSecretStorageType": "kubernetes"},
		"unknown":             {"AzureWebJobsSecretStorageType": "sentinel"},
		"not a connection":    {"AzureWebJobsStorage": "sentinel", "WEBSITE_SITE_NAME": "app"},
		"half a connection":   {"AzureWebJobsStorage": "AccountKey=sentinel", "WEBSITE_SITE_NAME": "app"},
		"not a key":           {"AzureWebJobsStorage": "UseDevelopmentStorage=true", "WEBSITE_SITE_NAME": "app", "AzureWebEncryptionKey": "sentinel"},
		"identity connection": {"AzureWebJobsStorage__accountName": "account", "WEBSITE_SITE_NAME": "app"},
	} {
		_, err := blobkeys.Open(settings, nil)
		if err == nil || name != "unknown" && strings.Contains(err.Error(), "sentinel") {
			t.Errorf("%s: %v, want an error without the setting", name, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	c := &container.Client{}
	for name, config := range map[string]blobkeys.Config{
		"nothing":            {},
		"no client":          {Prefix: "app", InsecurePlain: true},
		"no prefix":          {Client: c, InsecurePlain: true},
		"a path":             {Client: c, Prefix: "/app", InsecurePlain: true},
		"no key":             {Client: c, Prefix: "app"},
		"encrypt and do not": {Client: c, Prefix: "app", Protector: envelope(t, 1), InsecurePlain: true},
	} {
		if _, err := blobkeys.New(config); err == nil {
			t.Errorf("%s: New = nil", name)
		}
	}
	if _, err := blobkeys.Open(nil, &blobkeys.Options{Protector: envelope(t, 1), Compat: true}); err == nil {
		t.Error("two that encrypt: Open = nil")
	}
}

func TestOpenFiles(t *testing.T) {
	store, err := blobkeys.Open(map[string]string{"AzureWebJobsSecretStorageType": "Files", "FUNCTIONS_SECRETS_PATH": t.TempDir()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (&keys.Manager{Store: store}).Ensure(t.Context(), orders); err != nil {
		t.Error(err)
	}
}

// TestOpenFilesReadsTheSource is KY-94, KY-128, KY-129 and KY-131: with the settings
// under which the source encrypted, its documents are read, and written again as
// the profile says.
func TestOpenFilesReadsTheSource(t *testing.T) {
	const guid = "6a9dbd43-1f2c-4a0b-8f3e-0123456789ab"
	const hexKey = "0F75CA46E7EBDD39E4CA6B074D1F9A5972B849A55F91A2480F75CA46E7EBDD39"
	key, err := hex.DecodeString(hexKey)
	if err != nil {
		t.Fatal(err)
	}
	instance := strings.Repeat("0123456789abcdef", 4)
	tests := []struct {
		name     string
		settings map[string]string
		id       uuid.UUID
		compat   bool
		begins   string // of a value that is written
	}{
		{"default key", map[string]string{"AzureWebEncryptionKey": hexKey}, uuid.UUID{}, false, "gcm1."},
		{"default key, compat", map[string]string{"AzureWebEncryptionKey": hexKey}, uuid.UUID{}, true, "CfDJ8AAAA"},
		{"machine key", map[string]string{"MACHINEKEY_DecryptionKey": hexKey, "WEBSITE_INSTANCE_ID": instance}, uuid.UUID{}, false, "gcm1."},
		{"machine key, compat", map[string]string{"MACHINEKEY_DecryptionKey": hexKey, "WEBSITE_INSTANCE_ID": instance}, uuid.UUID{}, true, "CfDJ8AAAA"},
		{"machine key in a container, compat", map[string]string{"MACHINEKEY_DecryptionKey": hexKey, "CONTAINER_NAME": "c"}, uuid.UUID{}, true, "CfDJ8AAAA"},
		{"machine key elsewhere, compat", map[string]string{"MACHINEKEY_DecryptionKey": hexKey}, uuid.UUID{}, true, "gcm1."},
		{"named key", map[string]string{"AzureWebEncryptionKey_" + guid: hexKey, "AzureWebPrimaryEncryptionKey": guid, "CONTAINER_NAME": "c"}, uuid.MustParse(guid), true, "CfDJ8EO9n"},
		{"former key", map[string]string{"AzureWebEncryptionKey_" + guid: hexKey, "AzureWebEncryptionKey": "AA" + hexKey}, uuid.MustParse(guid), true, "CfDJ8AAAA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			ring, err := atrest.NewRing(atrest.RingKey{ID: tt.id, Key: keys.NewSecret(string(key))})
			if err != nil {
				t.Fatal(err)
			}
			set := keys.Set{Function: []keys.Key{{Name: "default", Value: keys.NewSecret("made-by-the-source")}}}
			document, err := (&keydoc.Codec{Protector: ring}).Encode(orders, set)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "orders.json"), document, 0o600); err != nil {
				t.Fatal(err)
			}
			settings := map[string]string{"AzureWebJobsSecretStorageType": "files", "FUNCTIONS_SECRETS_PATH": dir}
			maps.Copy(settings, tt.settings)
			store, err := blobkeys.Open(settings, &blobkeys.Options{Compat: tt.compat})
			if err != nil {
				t.Fatal(err)
			}
			got, err := store.Load(t.Context(), orders)
			if err != nil || got.Function[0].Value.Reveal() != "made-by-the-source" {
				t.Fatalf("Load = %v, %v", got, err)
			}
			if err := store.Save(t.Context(), orders, got); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(filepath.Join(dir, "orders.json"))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := keydoc.Parse(false, text)
			if err != nil {
				t.Fatal(err)
			}
			if value := doc.Keys[0].Value.Reveal(); !strings.HasPrefix(value, tt.begins) {
				t.Errorf("written as %.12s, want it to begin with %s", value, tt.begins)
			}
			want := strings.Repeat("0", 32)
			if tt.settings["WEBSITE_INSTANCE_ID"] != "" {
				want = instance[:32]
			}
			if doc.InstanceID == nil || *doc.InstanceID != want {
				t.Errorf("instanceId %v, want %s", doc.InstanceID, want)
			}
		})
	}
}

// TestOpenFilesAfterKeyFile sets a key in the settings of an app whose folder has a
// key file: what was written with that can still be read.
func TestOpenFilesAfterKeyFile(t *testing.T) {
	settings := map[string]string{"AzureWebJobsSecretStorageType": "files", "FUNCTIONS_SECRETS_PATH": t.TempDir()}
	var first keys.Set
	for _, key := range []string{"", strings.Repeat("0123456789abcdef", 4)} {
		settings["AzureWebEncryptionKey"] = key
		store, err := blobkeys.Open(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		set, err := (&keys.Manager{Store: store}).Ensure(t.Context(), orders)
		if err != nil {
			t.Fatal(err)
		}
		if first.Function == nil {
			first = set
		}
		if !set.Function[0].Value.Equal(first.Function[0].Value) {
			t.Error("another key")
		}
	}
}
