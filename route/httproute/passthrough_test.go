package httproute_test

import (
	"net/http"
	"testing"

	"github.com/httptrigger/httptrigger/internal/passthrough"
	"github.com/httptrigger/httptrigger/route"
	"github.com/httptrigger/httptrigger/route/httproute"
)

func TestMuxPassesEverythingThrough(t *testing.T) {
	wrap := func(h http.Handler) http.Handler {
		mux, err := httproute.New(httproute.Config{Routes: []httproute.Route{
			{Name: "all", Template: route.MustCompile("all/{id:int}"), Handler: h},
		}})
		if err != nil {
			t.Fatal(err)
		}
		return mux
	}
	passthrough.Run(t, passthrough.Middleware{Wrap: wrap, Path: "/all/7"})
}
