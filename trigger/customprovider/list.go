package customprovider

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// list writes a collection resource by resource. The first is read before the
// answer begins; an error after that cuts the connection.
func (h *Handler) list(w http.ResponseWriter, r *http.Request, id ID) error {
	key := id.Key()
	top, after, reason := page(r.URL.Query(), key.Row)
	if reason != "" {
		badRequest(w, reason)
		return nil
	}
	n, last, more := 0, "", false
	for resource, err := range h.Store.List(r.Context(), key.Partition, key.Row, after) {
		switch {
		case err != nil && n == 0:
			return err
		case err != nil:
			h.log(r, err)
			panic(http.ErrAbortHandler)
		}
		if more = n == top; more {
			break
		}
		between := ","
		if n == 0 {
			w.Header().Set("Content-Type", "application/json; charset=utf-8")
			between = `{"value":[`
		}
		_, _ = io.WriteString(w, between)
		_, _ = w.Write(resource.JSON)
		n, last = n+1, resource.Row
	}
	if n == 0 {
		answer(w, []byte(`{"value":[]}`))
		return nil
	}
	end := "]}"
	if more {
		token := base64.RawURLEncoding.EncodeToString([]byte(last[len(key.Row):]))
		query := url.Values{"$top": {strconv.Itoa(top)}, "$skiptoken": {token}}
		link, _ := json.Marshal(id.Path + "?" + query.Encode()) // a string always has JSON
		end = fmt.Sprintf(`],"nextLink":%s}`, link)
	}
	_, _ = io.WriteString(w, end)
	return nil
}

// page reads which part of a collection is asked for: how many resources, -1 for
// all, behind which row.
func page(query url.Values, prefix string) (top int, after, reason string) {
	top, after = -1, prefix
	if query.Has("$top") {
		n, err := strconv.Atoi(query.Get("$top"))
		if err != nil || n < 1 {
			return 0, "", "$top is no number from 1"
		}
		top = n
	}
	if query.Has("$skiptoken") {
		name, err := base64.RawURLEncoding.DecodeString(query.Get("$skiptoken"))
		if err != nil || len(name) == 0 {
			return 0, "", "$skiptoken is none of this endpoint's"
		}
		after = prefix + string(name)
	}
	return top, after, ""
}
