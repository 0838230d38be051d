package trigger

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/httptrigger/httptrigger/internal/refuse"
	"github.com/httptrigger/httptrigger/keys"
)

// A v1Error is the body of status 500 in runtime 1.x (ApiErrorModel.cs).
type v1Error struct {
	ID        string `json:"id"`
	RequestID string `json:"requestId,omitempty"`
	Status    int    `json:"statusCode"`
	Code      int    `json:"errorCode"`
	Message   string `json:"message"`
}

// denyV1 answers as runtime 1.x does: what a function ended in is an object that
// names an id to look for in the log, and tells the error itself only to a caller
// with the master key, or where keys are off as they are in local runs
// (ExceptionProcessingHandler.cs). Everything else is as in DenyEmpty.
func (s *site) denyV1(w http.ResponseWriter, r *http.Request, err error) {
	status := refuse.Status(err)
	if status != http.StatusInternalServerError {
		DenyEmpty(w, r, err)
		return
	}
	e := v1Error{ID: newID().String(), Status: status, RequestID: frontID(r)}
	e.Message = "An error has occurred. For more information, please check the logs for error ID " + e.ID
	inv, ok := FromContext(r.Context())
	if ok && e.RequestID == "" {
		e.RequestID = inv.ID.String()
	}
	s.Logger.ErrorContext(r.Context(), "An error has occurred", "id", e.ID, "requestId", e.RequestID, "error", Redact(err.Error()))
	if ok && inv.Grant.Level() == keys.Admin || s.InsecureSkipKeys {
		e.Message = chain(err)
	}
	body, _ := json.Marshal(e) // texts and numbers always marshal
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Del("Content-Length")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the caller left
	}
}

// chain is the text of an error as 1.x tells it: each error and then its cause.
// A Go error has its causes in its own text as a rule, and is not repeated.
func chain(err error) string {
	texts := []string{}
	for ; err != nil; err = errors.Unwrap(err) {
		text := err.Error()
		if len(texts) == 0 || !strings.Contains(texts[len(texts)-1], text) {
			texts = append(texts, text)
		}
	}
	return Redact(strings.Join(texts, " -> "))
}

// adoptID gives an invocation the id of its request, so that the error object and
// the log name the same; an id that the caller chose is not taken.
func (x *exchange) adoptID(c *call) {
	if frontID(x.r) != "" {
		return
	}
	if id, err := uuid.Parse(x.requestID()); err == nil {
		c.ID = id
	}
}
