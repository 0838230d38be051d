package keys_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/httptrigger/httptrigger/keys"
)

// benchmarked returns a resolver with n generated keys of orders, and them.
func benchmarked(b *testing.B, n int) (*keys.Resolver, []string) {
	store := &keys.Memory{}
	var set keys.Set
	var values []string
	for i := range n {
		value := keys.Generate(keys.FunctionKey)
		set.Put(keys.FunctionKey, keys.Key{Name: fmt.Sprint(i), Value: value})
		values = append(values, value.Reveal())
	}
	if err := store.Save(b.Context(), orders, set); err != nil {
		b.Fatal(err)
	}
	return &keys.Resolver{Store: store}, values
}

func BenchmarkResolve(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		res, values := benchmarked(b, n)
		for name, text := range map[string]string{
			"first": values[0], "last": values[n-1], "wrong": keys.Generate(keys.FunctionKey).Reveal(),
			"wrong/long": string(make([]byte, keys.MaxValue)),
		} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := res.Resolve(b.Context(), "orders", text); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	res, values := benchmarked(b, 1000)
	wrong := keys.Generate(keys.FunctionKey).Reveal()
	guard := &keys.Guard{Resolver: res, Function: "orders"}
	for name, value := range map[string]string{"right": values[3], "wrong": wrong} {
		inHeader := httptest.NewRequest("GET", "/?a=b", nil)
		inHeader.Header.Set(keys.Header, value)
		for where, r := range map[string]*http.Request{"header": inHeader, "query": httptest.NewRequest("GET", "/?a=b&code="+value, nil)} {
			b.Run(name+"/"+where, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := guard.Check(r); (err == nil) != (name == "right") {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
