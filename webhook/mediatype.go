package webhook

import (
	"net/http"
	"strings"
)

// mediaType splits a Content-Type into the type in lower case and its charset
// in lower case, without quotes. Two charsets that differ are joined, to one
// that nobody takes: who reads on might believe the other.
func mediaType(h http.Header) (kind, charset string) {
	kind, rest, _ := strings.Cut(first(h, "Content-Type"), ";")
	for rest != "" {
		var parameter string
		parameter, rest, _ = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(parameter, "=")
		if strings.EqualFold(strings.TrimSpace(name), "charset") {
			value = strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
			if charset != "" && charset != value {
				value = charset + "," + value
			}
			charset = value
		}
	}
	return strings.ToLower(strings.TrimSpace(kind)), charset
}

// utf8Charset tells whether a charset parameter says what JSON is in anyway.
func utf8Charset(charset string) bool {
	switch charset {
	case "", "utf-8", "utf8", "us-ascii":
		return true
	}
	return false
}

const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// readJSON does what most senders ask for: JSON by type and by content.
func (d *Delivery) readJSON(h http.Header) error {
	kind, charset := mediaType(h)
	if kind != typeJSON || !utf8Charset(charset) {
		return blame(UnsupportedMediaType, "Content-Type")
	}
	return d.document()
}

func (d *Delivery) document() (err error) {
	d.Payload, err = document(d.Body)
	return err
}
