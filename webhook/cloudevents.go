package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CloudEvents receives events over HTTP as the CloudEvents web hook
// specification has it: structured, in batches, or binary with attributes in
// ce- headers. Nothing is signed: a bearer token, or the query parameter
// access_token, admits. Event is the type, and ID is source, blank and id, where
// there is one event. A handler that writes nothing answers 204. It must not be
// copied after first use.
type CloudEvents struct {
	// Tokens serves the bearer tokens: required.
	Tokens Source
	// AllowedOrigins lists the origins that may ask, by OPTIONS, for permission to
	// deliver: whole values in any case, or "*" for all. Others get 403.
	AllowedOrigins []string
	// AllowedRate is how many deliveries a minute are permitted; 0 is any number.
	AllowedRate int
	// RequireOrigin refuses deliveries that do not say that they come from one of
	// AllowedOrigins. Anybody can say so.
	RequireOrigin bool

	ring ring
}

const (
	webhookOrigin  = "Webhook-Request-Origin"
	allowedOrigin  = "Webhook-Allowed-Origin"
	allowedRate    = "Webhook-Allowed-Rate"
	authorization  = "Authorization"
	typeCloudEvent = "application/cloudevents"
)

// Check reports a configuration that would refuse every delivery.
func (c *CloudEvents) Check() error { return named("cloudevents", shownToken.check(c.Tokens)) }

// Verify implements Verifier.
func (c *CloudEvents) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	if m.Method == "OPTIONS" {
		err = c.permit(m, &d)
	} else {
		err = c.verify(ctx, m, &d)
	}
	err = verdict(&d, m, "cloudevents", err)
	return d, err
}

func (c *CloudEvents) verify(ctx context.Context, m *Message, d *Delivery) error {
	k, err := c.ring.open(ctx, m, "POST", c.Tokens, shownToken)
	if err != nil {
		return err
	}
	token, err := bearer(m, d)
	if err != nil {
		return err
	}
	if err := k.token(m, d, token, TokenMismatch); err != nil {
		return err
	}
	if c.RequireOrigin {
		origin := first(m.Header, webhookOrigin)
		if origin == "" {
			origin = first(m.Header, "Origin")
		}
		if !c.allows(origin) {
			return OriginNotAllowed
		}
	}
	return nil
}

// bearer returns the token of the Authorization header, else of the query.
func bearer(m *Message, d *Delivery) (string, error) {
	shown := queryValues(m.Query(), "access_token", false)
	if len(shown) > 0 {
		d.code = "access_token"
	}
	if len(m.Header[authorization]) > 1 {
		return "", blame(DuplicateHeader, authorization)
	}
	kind, token, _ := strings.Cut(first(m.Header, authorization), " ")
	if token = trim(token); strings.EqualFold(kind, "Bearer") && token != "" {
		return token, nil
	}
	switch {
	case len(shown) > 1:
		return "", TokenMismatch
	case len(shown) == 0 || shown[0] == "":
		return "", MissingToken
	}
	return shown[0], nil
}

// allows tells whether an origin is on the list; no origin never is.
func (c *CloudEvents) allows(origin string) bool {
	return origin != "" && slices.ContainsFunc(c.AllowedOrigins, func(allowed string) bool {
		return allowed == "*" || strings.EqualFold(allowed, origin)
	})
}

// permit answers the handshake by which a sender asks whether it may deliver.
// The callback it may offer is not called.
func (c *CloudEvents) permit(m *Message, d *Delivery) error {
	origin := first(m.Header, webhookOrigin)
	if origin == "" {
		return blame(MissingOrigin, webhookOrigin)
	}
	if len(m.Header[webhookOrigin]) > 1 || !c.allows(origin) {
		return blame(OriginNotAllowed, webhookOrigin)
	}
	rate := "*"
	if c.AllowedRate > 0 {
		rate = strconv.Itoa(c.AllowedRate)
	}
	d.Reply = &Reply{Reason: HandshakeOK, Header: http.Header{
		"Allow": {"POST"}, allowedOrigin: {origin}, allowedRate: {rate},
	}}
	return nil
}

// Interpret implements Interpreter.
func (c *CloudEvents) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 24 * time.Hour
	d.Success = http.StatusNoContent
	kind, charset := mediaType(m.Header)
	switch {
	case kind == typeCloudEvent+"+json" && utf8Charset(charset):
		if err := d.document(); err != nil {
			return err
		}
		o, _ := asObject(d.Payload)
		return d.cloudEvent(o)
	case kind == typeCloudEvent+"-batch+json" && utf8Charset(charset):
		return d.cloudEventBatch()
	case kind == "" || strings.HasPrefix(kind, typeCloudEvent):
		return blame(UnsupportedMediaType, "Content-Type")
	}
	return d.cloudEventBinary(m.Header)
}

// cloudEvent checks the attributes of one event and takes type and id from it.
func (d *Delivery) cloudEvent(o object) error {
	version, _ := o.text("specversion")
	id, _ := o.text("id")
	source, _ := o.text("source")
	event, _ := o.text("type")
	if version != "1.0" || id == "" || source == "" || event == "" {
		return MalformedBody
	}
	d.Event, d.ID = event, source+" "+id
	return nil
}

func (d *Delivery) cloudEventBatch() error {
	if err := d.document(); err != nil {
		return err
	}
	var events []object
	if json.Unmarshal(d.Payload, &events) != nil || events == nil {
		return MalformedBody
	}
	for _, o := range events {
		var one Delivery
		if err := one.cloudEvent(o); err != nil {
			return err
		}
	}
	d.digestBody = len(events) > 0
	return nil
}

// cloudEventBinary takes the attributes from the headers; the body is data of
// any kind, and Payload has it if it is JSON.
func (d *Delivery) cloudEventBinary(h http.Header) error {
	attributes := object{}
	for _, name := range [...]string{"Ce-Specversion", "Ce-Id", "Ce-Source", "Ce-Type"} {
		if len(h[name]) != 1 {
			return blame(MalformedBody, name)
		}
		value, err := json.Marshal(percentDecode(first(h, name)))
		if err != nil {
			return blame(MalformedBody, name)
		}
		attributes[strings.ToLower(name[len("Ce-"):])] = value
	}
	if kind, charset := mediaType(h); kind == typeJSON && utf8Charset(charset) {
		if payload, err := document(d.Body); err == nil {
			d.Payload = payload
		}
	}
	return d.cloudEvent(attributes)
}

// Sign implements Signer: it shows the token in the Authorization header.
func (c *CloudEvents) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "cloudevents", c.Tokens, text)
	if err != nil {
		return err
	}
	m.Header.Set(authorization, "Bearer "+string(key))
	return nil
}
