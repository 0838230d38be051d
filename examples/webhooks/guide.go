package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/httptrigger/httptrigger/webhook"
)

// guide prints what to try, each delivery twice and then with another body. The
// signatures are good for five minutes.
func guide(ctx context.Context, w io.Writer, base string, all []sender) error {
	for _, s := range all {
		m := &webhook.Message{Method: "POST", Scheme: "http", Host: strings.TrimPrefix(base, "http://"), Target: s.path,
			Header: http.Header{"Content-Type": {s.contentType}}, Body: []byte(s.body), Time: time.Now()}
		for name, values := range s.header {
			m.Header[name] = values
		}
		if err := s.verifier.Sign(ctx, m); err != nil {
			return fmt.Errorf("%s: %w", s.path, err)
		}
		send := curl(base+s.path, m.Header, s.body)
		forged := curl(base+s.path, m.Header, strings.Replace(s.body, "e", "f", 1))
		fmt.Fprintf(w, "# 200: a delivery to %s\n%s\n\n# 200: the same again, which is answered and not run\n%s\n\n# 401: another body under the same signature\n%s\n\n",
			s.path, send, send, forged)
	}
	_, err := fmt.Fprintln(w, "Ctrl-C ends it.")
	return err
}

// curl is a line for any shell of POSIX's kind. Nothing in it has a quote.
func curl(url string, header http.Header, body string) string {
	line := "curl -i"
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line += fmt.Sprintf(" -H '%s: %s'", name, header.Get(name))
	}
	return line + fmt.Sprintf(" -d '%s' %s", body, url)
}
