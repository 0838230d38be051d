// Package customprovider is the endpoint behind an Azure custom resource
// provider: a function that Azure Resource Manager calls to create, read, list
// and remove resources of types one defines oneself, and to run actions.
//
//	provider := &customprovider.Handler{Store: &customprovider.Memory{}}
//	handlers["provider"] = provider // takes GET, PUT, POST and DELETE
//
// # Rules
//
// The resource is named by the header x-ms-customproviders-requestpath, whatever
// the URL says:
//
//	/subscriptions/S/resourceGroups/G/providers/Microsoft.CustomProviders/resourceProviders/P/TYPE/NAME
//
//	PUT instance       200, the resource as stored: name, type and id are the path's
//	GET instance       200, or 404 if it is not there
//	DELETE instance    200, or 204 if it was not there
//	GET collection     200, {"value": […]}
//	POST collection    200: an action, which echoes its JSON unless Action is set
//	anything else      400
//
// An answer about one resource has its ETag. PUT and DELETE heed If-Match, and PUT
// If-None-Match: *, with 412.
//
// A collection is written as it is read from the store, so its size costs no
// memory. With $top in the URL it comes in pages, each with a nextLink to the next.
//
// Resource ids ignore case, and so do the keys of the store. A body that is no
// JSON is 400 with an error in JSON, one that is too long 413.
//
// # Sources
//
// The tutorial on authoring a RESTful endpoint for custom providers
// (learn.microsoft.com, azure/azure-resource-manager/custom-providers). Where its
// sample would answer 500 by accident, this answers what the text says.
package customprovider

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/httptrigger/httptrigger/internal/jsonc"
	"github.com/httptrigger/httptrigger/internal/refuse"
)

// PathHeader names the resource.
const PathHeader = "X-Ms-Customproviders-Requestpath"

// DefaultMaxBody bounds a body in bytes unless Handler.MaxBody does.
const DefaultMaxBody = 1 << 20

// A Handler answers for the resources in a Store. Its fields are set before first
// use; it may be used concurrently if the Store may.
type Handler struct {
	Store Store

	// Action runs an action, POST on a collection's path. Nil echoes the body.
	Action func(w http.ResponseWriter, r *http.Request, id ID)

	// MaxBody bounds a body in bytes, the bound included; 0 is DefaultMaxBody.
	MaxBody int64

	// Logger is told of errors of the Store; nil is silent.
	Logger *slog.Logger
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.Header.Get(PathHeader)
	if path == "" {
		badRequest(w, "missing 'x-ms-customproviders-requestpath' header")
		return
	}
	id, ok := ParseID(path)
	if !ok {
		badRequest(w, "'x-ms-customproviders-requestpath' is not the path of a custom resource")
		return
	}
	var err error
	switch {
	case id.Name != "" && r.Method == http.MethodPut:
		err = h.put(w, r, id)
	case id.Name != "" && r.Method == http.MethodGet:
		err = h.get(w, r, id)
	case id.Name != "" && r.Method == http.MethodDelete:
		err = h.remove(w, r, id)
	case id.Name == "" && r.Method == http.MethodGet:
		err = h.list(w, r, id)
	case id.Name == "" && r.Method == http.MethodPost:
		err = h.act(w, r, id)
	default:
		empty(w, http.StatusBadRequest)
	}
	var size *http.MaxBytesError
	switch {
	case err == nil:
	case errors.As(err, &size):
		empty(w, http.StatusRequestEntityTooLarge)
	default:
		var changed *ChangedError
		if !errors.As(err, &changed) {
			h.log(r, err)
		}
		refuse.Error(w, err)
	}
}

func (h *Handler) log(r *http.Request, err error) {
	if h.Logger != nil {
		h.Logger.ErrorContext(r.Context(), "Custom resource store failed", "error", err)
	}
}

// condition is what If-Match asks for. A list of tags is no tag of any resource.
func condition(r *http.Request) Condition {
	if etag := r.Header.Get("If-Match"); etag != "*" {
		return Condition{ETag: etag}
	}
	return Condition{}
}

func tag(w http.ResponseWriter, etag string) {
	if etag != "" {
		w.Header().Set("ETag", etag)
	}
}

func (h *Handler) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	limit := h.MaxBody
	if limit <= 0 {
		limit = DefaultMaxBody
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
}

func (h *Handler) put(w http.ResponseWriter, r *http.Request, id ID) error {
	text, err := h.body(w, r)
	if err != nil {
		return err
	}
	v, ok := parse(text)
	if !ok || v.Kind != jsonc.Object {
		badRequest(w, "the body is no JSON object")
		return nil
	}
	set(v, "name", id.Name)
	set(v, "type", id.Type)
	set(v, "id", id.Path)
	resource := v.AppendJSON(nil)
	only := condition(r)
	only.Absent = r.Header.Get("If-None-Match") == "*"
	etag, err := h.Store.Put(r.Context(), id.Key(), resource, only)
	if err != nil {
		return err
	}
	tag(w, etag)
	answer(w, resource)
	return nil
}

// set overwrites a member of an object where it stands, or adds it at the end.
// One that is there several times is there once then.
func set(object *jsonc.Value, name, text string) {
	value := &jsonc.Value{Kind: jsonc.String, Text: text}
	var members []jsonc.Member
	for _, m := range object.Members {
		if m.Name == name {
			if value == nil {
				continue
			}
			m.Value, value = value, nil
		}
		members = append(members, m)
	}
	if value != nil {
		members = append(members, jsonc.Member{Name: name, Value: value})
	}
	object.Members = members
}

func (h *Handler) get(w http.ResponseWriter, r *http.Request, id ID) error {
	resource, err := h.Store.Get(r.Context(), id.Key())
	switch {
	case errors.Is(err, ErrNotFound):
		empty(w, http.StatusNotFound)
		return nil
	case err != nil:
		return err
	}
	tag(w, resource.ETag)
	answer(w, resource.JSON)
	return nil
}

func (h *Handler) remove(w http.ResponseWriter, r *http.Request, id ID) error {
	err := h.Store.Delete(r.Context(), id.Key(), condition(r))
	switch {
	case errors.Is(err, ErrNotFound):
		empty(w, http.StatusNoContent)
		return nil
	case err != nil:
		return err
	}
	empty(w, http.StatusOK)
	return nil
}

func (h *Handler) act(w http.ResponseWriter, r *http.Request, id ID) error {
	if h.Action != nil {
		h.Action(w, r, id)
		return nil
	}
	text, err := h.body(w, r)
	if err != nil {
		return err
	}
	if len(text) == 0 {
		empty(w, http.StatusOK)
		return nil
	}
	if !json.Valid(text) {
		badRequest(w, "the body is no JSON")
		return nil
	}
	answer(w, text)
	return nil
}

// parse reads plain JSON, with the order of its members.
func parse(text []byte) (*jsonc.Value, bool) {
	if !json.Valid(text) {
		return nil, false
	}
	v, err := jsonc.Parse(text)
	return v, err == nil
}

func answer(w http.ResponseWriter, text []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	_, _ = w.Write(text)
}

func empty(w http.ResponseWriter, status int) {
	w.Header()["Content-Type"] = nil
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", "0")
	}
	w.WriteHeader(status)
}

func badRequest(w http.ResponseWriter, reason string) {
	text, _ := json.Marshal(map[string]string{"error": reason}) // a map of strings always has JSON
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write(text)
}

// An ID is the path of a resource, a collection or an action.
type ID struct {
	// Path is the path as it was sent, without a slash at its end.
	Path string

	Subscription, ResourceGroup, Provider string

	// Type is the full type, "Microsoft.CustomProviders/resourceProviders/things".
	Type string

	// Name is the resource's name, "" for a collection or an action. A resource
	// below another has the names of those above it in Parents.
	Name    string
	Parents []string
}

// ParseID reads a path. It reports false for a path of another form.
func ParseID(path string) (ID, bool) {
	path = strings.TrimSuffix(path, "/")
	p := strings.Split(path, "/")
	if len(p) < 10 || p[0] != "" || !strings.EqualFold(p[1], "subscriptions") || !strings.EqualFold(p[3], "resourceGroups") ||
		!strings.EqualFold(p[5], "providers") || !strings.EqualFold(p[7], "resourceProviders") {
		return ID{}, false
	}
	for _, part := range p[1:] {
		if part == "" {
			return ID{}, false
		}
	}
	id := ID{Path: path, Subscription: p[2], ResourceGroup: p[4], Provider: p[8], Type: p[6] + "/" + p[7]}
	var names []string
	for i := 9; i < len(p); i += 2 {
		id.Type += "/" + p[i]
		if i+1 < len(p) {
			names = append(names, p[i+1])
		}
	}
	if len(p)%2 == 1 { // as many names as types
		id.Name = names[len(names)-1]
		names = names[:len(names)-1]
	}
	if len(names) > 0 {
		id.Parents = names
	}
	return id, true
}

// Key returns where the resource is stored: the provider is the partition, type
// and name are the row, in which the name stands as it is. The row of a
// collection is the beginning of the rows of its resources, and of no others.
// Resource ids ignore case, so keys are in lower case. A resource below another
// has the names of those above it in its row too, so that the parts of two things
// are never one: the tutorial's sample leaves them out.
func (id ID) Key() Key {
	kinds := strings.Split(id.Type, "/")
	for i := range kinds {
		kinds[i] = keyPart(kinds[i])
	}
	row := strings.Join(kinds[:3], ":")
	for _, nested := range kinds[3:] {
		row += "|" + nested
	}
	for _, name := range id.Parents {
		row += ":" + keyPart(name)
	}
	return Key{
		Partition: keyPart(id.Subscription) + ":" + keyPart(id.ResourceGroup) + ":" + strings.ToLower(id.Provider),
		Row:       row + ":" + strings.ToLower(id.Name),
	}
}

var separators = strings.NewReplacer("%", "%25", ":", "%3a", "|", "%7c")

// keyPart is a part of a key with more behind it.
func keyPart(s string) string { return separators.Replace(strings.ToLower(s)) }
