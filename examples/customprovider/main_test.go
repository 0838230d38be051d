package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/httptrigger/httptrigger/internal/backend"
	"github.com/httptrigger/httptrigger/internal/exampletest"
	"github.com/httptrigger/httptrigger/trigger/customprovider"
)

const things = "/subscriptions/s/resourceGroups/g/providers/Microsoft.CustomProviders/resourceProviders/p/things"

func TestCurlLines(t *testing.T) {
	t.Setenv("AzureWebJobsStorage", backend.StartAzurite(t).ConnectionString)
	p := exampletest.Start(t, run, "-addr", "127.0.0.1:0")
	bodies := p.Try(t)
	for i, want := range map[int]string{
		4:  `"id":"` + things + `/a"`,
		6:  things + `/b"}]}`,
		7:  `"nextLink":"` + things,
		8:  `{"ping":1}`,
		11: "missing 'x-ms-customproviders-requestpath' header",
	} {
		if !strings.Contains(bodies[i], want) {
			t.Errorf("%s: %s, want %q in it", p.Lines[i].Title, bodies[i], want)
		}
	}
	p.Stop(t)
}

func TestReadme(t *testing.T) {
	exampletest.Readme(t, exampletest.StandIn{Begins: "npx azurite", Run: backend.RunAzurite})
}

func TestBadStarts(t *testing.T) {
	app := exampletest.Build(t, ".")
	t.Setenv("AzureWebJobsStorage", "nonsense")
	exampletest.Refuses(t, app, nil, "AzureWebJobsStorage")
	t.Setenv("AzureWebJobsStorage", strings.Replace(azurite, ":10002", ":1", 1))
	exampletest.Refuses(t, app, nil, "start Azurite", "127.0.0.1:1")
}

func ask(h http.Handler, method, path, body, name, value string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	r.Header.Set(customprovider.PathHeader, path)
	r.Header.Set(name, value)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestTable puts to Azurite what the service itself decides.
func TestTable(t *testing.T) {
	store, err := open(t.Context(), backend.StartAzurite(t).ConnectionString, "things")
	if err != nil {
		t.Fatal(err)
	}
	h := &customprovider.Handler{Store: store}
	etag := ask(h, "PUT", things+"/a'b", "{}", "If-None-Match", "*").Header().Get("ETag")
	for i, step := range []struct {
		method, path, body, name, value string
		want                            int
	}{
		{"GET", "/A'B", "", "", "", 200},
		{"PUT", "/a'b", "{}", "If-None-Match", "*", 412},
		{"PUT", "/a'b", "{}", "If-Match", etag, 200},
		{"PUT", "/a'b", "{}", "If-Match", etag, 412},
		{"PUT", "/other", "{}", "If-Match", etag, 412},
		{"DELETE", "/a'b", "", "If-Match", etag, 412},
		{"DELETE", "/a'b", "", "If-Match", "*", 200},
		{"DELETE", "/a'b", "", "", "", 204},
		{"PUT", "/a?b", "{}", "", "", 400},
		{"PUT", "/large", `{"x":"` + strings.Repeat("x", 70_000) + `"}`, "", "", 400},
	} {
		if w := ask(h, step.method, things+step.path, step.body, step.name, step.value); w.Code != step.want {
			t.Errorf("step %d: status %d %s, want %d", i, w.Code, w.Body, step.want)
		}
	}
	t.Run("10,000 resources", func(t *testing.T) { testLarge(t, store, h) })
}

// testLarge lists many megabytes and looks at the memory while they pass.
func testLarge(t *testing.T, store *table, h http.Handler) {
	const n, size = 10_000, 4 << 10
	fill(t, store, n, size)
	srv := httptest.NewServer(h)
	defer srv.Close()
	req, _ := http.NewRequest("GET", srv.URL, nil)
	req.Header.Set(customprovider.PathHeader, things)
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	dec := json.NewDecoder(resp.Body)
	for range 3 { // {"value":[
		if _, err := dec.Token(); err != nil {
			t.Fatal(err)
		}
	}
	got, peak := 0, uint64(0)
	for ; dec.More(); got++ {
		var resource struct{ Name string }
		if err := dec.Decode(&resource); err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("r%05d", got); resource.Name != want {
			t.Fatalf("resource %d is %q, want %q", got, resource.Name, want)
		}
		if got%1000 == 999 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc)
		}
	}
	if _, err := io.Copy(io.Discard, io.MultiReader(dec.Buffered(), resp.Body)); err != nil || got != n {
		t.Fatalf("%d resources, %v, want %d", got, err, n)
	}
	grown := int64(peak) - int64(before.HeapAlloc)
	t.Logf("%d resources of %d bytes, %d KiB more heap while they passed", got, size, grown>>10)
	if grown > n*size/2 {
		t.Errorf("the heap grew by %d bytes for a list of %d", grown, n*size)
	}
}

// fill stores n resources, a hundred to a transaction.
func fill(t *testing.T, store *table, n, size int) {
	t.Helper()
	padding := strings.Repeat("x", size)
	for i := 0; i < n; i += 100 {
		var batch []aztables.TransactionAction
		for j := i; j < i+100; j++ {
			id, _ := customprovider.ParseID(fmt.Sprintf("%s/r%05d", things, j))
			text, err := json.Marshal(entity{id.Key().Partition, id.Key().Row, fmt.Sprintf(`{"name":%q,"properties":%q}`, id.Name, padding)})
			if err != nil {
				t.Fatal(err)
			}
			batch = append(batch, aztables.TransactionAction{ActionType: aztables.TransactionTypeAdd, Entity: text})
		}
		if _, err := store.client.SubmitTransaction(context.Background(), batch, nil); err != nil {
			t.Fatal(err)
		}
	}
}
