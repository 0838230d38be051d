package trigger

import (
	"io"
	"net/http"
	"strconv"
)

const homepage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Function app</title>
<style>body{font:1rem/1.6 system-ui,sans-serif;margin:15vh auto;max-width:32rem;padding:0 1rem}</style>
<h1>Your function app is running.</h1>
<p>There is nothing to see at this address. The functions answer at theirs.
`

var (
	typeHTML       = []string{"text/html"}
	homepageLength = []string{strconv.Itoa(len(homepage))}
)

// writeHomepage answers a request for / that no function takes: a page, or 204
// if it is switched off (HomepageMiddleware.cs). The method does not matter.
func writeHomepage(w http.ResponseWriter, r *http.Request, off bool) int {
	if off {
		w.WriteHeader(http.StatusNoContent)
		return http.StatusNoContent
	}
	h := w.Header()
	h["Content-Type"] = typeHTML
	h["Content-Length"] = homepageLength
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, homepage) // the caller left
	}
	return http.StatusOK
}
