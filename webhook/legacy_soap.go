package webhook

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// sfsoap: an outbound message of Salesforce, whose organization id is the key.
// Of ids in the long form, which has three characters to check it by, only the
// short form counts. The id is no secret: it says who, and proves nothing.
func (l *legacy) sfsoap(ctx context.Context, m *Message, d *Delivery) error {
	if err := l.secure(m); err != nil {
		return err
	}
	if err := xmlType(m.Header); err != nil {
		return err
	}
	var err error
	if d.Body, err = m.ReadBody(); err != nil {
		return err
	}
	organization, action, err := readSOAP(d.Body)
	if err != nil {
		return MalformedBody
	}
	key, err := l.key(ctx, m, d)
	if err != nil {
		return err
	}
	if id := shortID(organization); id == "" || !same(id, shortID(key)) {
		return bad(TokenMismatch, "")
	}
	d.Event, d.soap = action, true
	return nil
}

func shortID(id string) string {
	if len(id) == 18 {
		return id[:15]
	}
	return id
}

func readLegacySOAP(_ *Message, d *Delivery) error {
	if d.Event == "" {
		return MissingEvent
	}
	return nil
}

// xmlType takes the media types that are XML. As with JSON, the source lets
// those that end in "+xml" through, and then cannot read them.
func xmlType(h http.Header) error {
	kind, charset := mediaType(h)
	top, sub, _ := strings.Cut(kind, "/")
	suffixed := strings.HasSuffix(sub, "+xml")
	switch {
	case top != "application" && top != "text", sub != "xml" && !suffixed, wide(charset):
		return blame(UnsupportedMediaType, "Content-Type")
	case suffixed:
		return bad(UnsupportedMediaType, "Content-Type")
	}
	return nil
}

// outbound is what is read of a message. Of several elements of a name the
// first counts.
type outbound struct {
	Bodies []struct {
		Notifications []struct {
			Organizations []string `xml:"http://soap.sforce.com/2005/09/outbound OrganizationId"`
			Actions       []string `xml:"http://soap.sforce.com/2005/09/outbound ActionId"`
		} `xml:"http://soap.sforce.com/2005/09/outbound notifications"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

func readSOAP(body []byte) (organization, action string, err error) {
	doc := bytes.TrimPrefix(body, bom)
	if err := wellFormed(doc); err != nil {
		return "", "", err
	}
	var message outbound
	if err := xml.Unmarshal(doc, &message); err != nil {
		return "", "", err
	}
	if len(message.Bodies) == 0 || len(message.Bodies[0].Notifications) == 0 {
		return "", "", nil
	}
	n := message.Bodies[0].Notifications[0]
	return head(n.Organizations), head(n.Actions), nil
}

func head(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// wellFormed checks what xml.Unmarshal does not: that there is one element and
// nothing after it, not nested too deep, and no document type, which the source
// does not read either.
func wellFormed(doc []byte) error {
	decoder := xml.NewDecoder(bytes.NewReader(doc))
	depth, roots := 0, 0
	for {
		token, err := decoder.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.Directive:
			return errors.New("a document type")
		case xml.StartElement:
			if depth == 0 {
				roots++
			}
			if depth++; depth > MaxNesting {
				return errors.New("too deep")
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text outside of the document")
			}
		}
		if depth < 0 || roots > 1 {
			return errors.New("more than one document")
		}
	}
	if depth != 0 || roots != 1 {
		return errors.New("no document, or half of one")
	}
	return nil
}

// soapAck tells Salesforce that a message was taken; without it, it comes again.
const soapAck = `<?xml version="1.0" encoding="utf-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` +
	`<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></e:Body></e:Envelope>`

// A soapAnswer puts the acknowledgement in the place of a function's answer that
// is no XML, as the source does, unless the function failed: then the message
// has to come again.
type soapAnswer struct {
	http.ResponseWriter
	begun bool
	own   bool // the answer is the function's
}

// acknowledging returns next with the acknowledgement behind it, and the writer
// that it needs.
func acknowledging(next http.Handler, w http.ResponseWriter) (http.Handler, http.ResponseWriter) {
	answer := &soapAnswer{ResponseWriter: w}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if !answer.begun {
			answer.WriteHeader(http.StatusOK)
		}
	}), answer
}

func (a *soapAnswer) WriteHeader(status int) {
	if a.begun || status < http.StatusOK {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	a.begun = true
	if a.own = status >= 300 || isXML(a.Header()); a.own {
		a.ResponseWriter.WriteHeader(status)
		return
	}
	a.Header().Del("Content-Encoding")
	a.Header().Set("Content-Length", strconv.Itoa(len(soapAck)))
	a.Header().Set("Content-Type", "application/xml; charset=utf-8")
	a.ResponseWriter.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(a.ResponseWriter, soapAck)
}

func isXML(h http.Header) bool {
	kind, _ := mediaType(h)
	return kind == "application/xml" || kind == "text/xml" || strings.HasSuffix(kind, "+xml")
}

func (a *soapAnswer) Write(p []byte) (int, error) {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	if !a.own {
		return len(p), nil
	}
	return a.ResponseWriter.Write(p)
}
