package blobkeys_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/httptrigger/httptrigger/internal/leaktest"
	"github.com/httptrigger/httptrigger/keys"
	"github.com/httptrigger/httptrigger/keys/blobkeys"
)

// The texts that may be nowhere: a value, a signature, keys of the account and of
// the encryption.
const (
	leakValue   = "planted-value-0123456789"
	leakSig     = "planted-signature-0123456789"
	leakAccount = "planted+account/key+0123456789abcdef=="
	leakAtRest  = "506c616e7465642d61742d726573742d6b65792d303132333435363738394142"
)

// TestNothingLeaks has a server answer in every bad way, with what it was sent and
// with a document of planted values, and looks in all that comes out.
func TestNothingLeaks(t *testing.T) {
	document := `{"keys": [{"name": "default", "value": "` + leakValue + `", "encrypted": false}]}`
	for name, answer := range map[string]http.HandlerFunc{
		"whole": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, document) },
		"cut":   func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, document[:len(document)-5]) },
		"said to be encrypted": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, strings.Replace(document, "false", "true", 1))
		},
		"no document": func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, leakValue) },
		"forbidden": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Ms-Error-Code", "AuthenticationFailed")
			w.Header().Set("Content-Type", "application/xml")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, "<Error><Code>AuthenticationFailed</Code><Message>Signature did not match: %s %s</Message></Error>", r.URL, leakValue)
		},
		"broken": func(w http.ResponseWriter, r *http.Request) {
			http.Error(w, r.URL.String(), http.StatusInternalServerError)
		},
		"redirected": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/?"+r.URL.RawQuery, http.StatusFound)
		},
		"hung up": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("ETag", `"1"`)
				answer(w, r)
			}))
			defer server.Close()
			sweep := leaktest.New(t, leakValue, leakSig)
			options := &container.ClientOptions{}
			options.Retry = policy.RetryOptions{MaxRetries: -1}
			client, err := container.NewClientWithNoCredential(server.URL+"/keys?sv=2020&sig="+leakSig, options)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []blobkeys.Config{
				{Client: client, Prefix: "app", Protector: envelope(t, 1)},
				{Client: client, Prefix: "app", InsecurePlain: true, CreateContainer: true},
			} {
				store, err := blobkeys.New(c)
				if err != nil {
					t.Fatal(err)
				}
				leakUse(t, sweep, store)
			}
		})
	}
}

// leakUse uses a store in every way and looks in all that comes out.
func leakUse(t *testing.T, sweep *leaktest.Sweep, store *blobkeys.Store) {
	check := func(where string, err error) {
		if err != nil {
			sweep.Error(where, err)
		}
	}
	sweep.Value("Store", store)
	for _, compat := range []bool{false, true} {
		res := &keys.Resolver{Store: store, Compat: compat, TrackUse: true, Logger: sweep.Logger()}
		m := &keys.Manager{Store: store, Resolver: res, Compat: compat, Logger: sweep.Logger(), Audit: func(_ context.Context, e keys.Event) { sweep.Value("event", e) }}
		set, err := store.Load(t.Context(), orders)
		check("Load", err)
		sweep.Value("Set", set)
		check("Save", store.Save(t.Context(), orders, keys.Set{Function: []keys.Key{{Name: "x", Value: keys.NewSecret(leakValue)}}}))
		_, err = m.Ensure(t.Context(), orders)
		check("Ensure", err)
		_, err = m.Put(t.Context(), orders, keys.FunctionKey, "put", keys.NewSecret(leakValue))
		check("Put", err)
		check("Rewrite", m.Rewrite(t.Context()))
		guard := &keys.Guard{Resolver: res, Function: "orders", Compat: compat, Logger: sweep.Logger()}
		w := httptest.NewRecorder()
		guard.Wrap(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/?code="+leakValue, nil))
		sweep.Response("answer", w.Header(), w.Body.String())
		check("FlushUses", res.FlushUses(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		check("Watch", store.Watch(ctx, func(keys.Scope) {}))
		cancel()
		sweep.Logs("logs")
	}
}

// TestOpenLeaksNothing: settings that make no store are told without their
// values, and a store that was made does not print them.
func TestOpenLeaksNothing(t *testing.T) {
	sweep := leaktest.New(t, leakSig, leakAccount, leakAtRest, "Planted-at-rest-key-0123456789AB")
	good := map[string]string{
		"AzureWebJobsStorage": "DefaultEndpointsProtocol=https;AccountName=app;AccountKey=cGxhbnRlZA==;EndpointSuffix=core.windows.net",
		"WEBSITE_SITE_NAME":   "app", "AzureWebEncryptionKey": leakAtRest,
	}
	for name, change := range map[string]map[string]string{
		"good":                 {},
		"account key no key":   {"AzureWebJobsStorage": "AccountName=app;AccountKey=" + leakAccount + "!"},
		"account key alone":    {"AzureWebJobsStorage": "AccountKey=" + leakAccount},
		"no connection string": {"AzureWebJobsStorage": leakAccount},
		"signature":            {"AzureWebJobsSecretStorageSas": "https://app.blob.core.windows.net/keys?sig=" + leakSig},
		"signature, no URL":    {"AzureWebJobsSecretStorageSas": "://x?sig=" + leakSig},
		"signature, no host":   {"AzureWebJobsSecretStorageSas": "\x7f" + leakSig},
		"files":                {"AzureWebJobsSecretStorageType": "files"},
		"key no key":           {"AzureWebEncryptionKey": leakAtRest + "x!"},
		"primary no GUID":      {"AzureWebPrimaryEncryptionKey": leakAtRest},
		"other keys":           {"AzureWebEncryptionKey_x": leakAtRest},
		"no site":              {"WEBSITE_SITE_NAME": ""},
	} {
		settings := map[string]string{}
		for _, from := range []map[string]string{good, change} {
			for k, v := range from {
				settings[k] = v
			}
		}
		for _, o := range []*blobkeys.Options{nil, {Compat: true}, {InsecurePlain: true}, {InsecurePlain: true, Protector: envelope(t, 1)}} {
			store, err := blobkeys.Open(settings, o)
			if err != nil {
				sweep.Error(name, err)
				continue
			}
			sweep.Value(name+", store", store)
			sweep.Value(name+", options", o)
		}
	}
}
