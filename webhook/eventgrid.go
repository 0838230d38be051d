package webhook

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// EventGrid receives events of Azure Event Grid in its own schema, which signs
// nothing: an access code in the query, code, or in the header x-functions-key
// admits notifications and handshakes alike. The validation handshake is
// answered; validationUrl is never fetched. A delivery may hold several events:
// Event and ID are given if it holds exactly one; an id is unique in its topic, so
// both tell a repeat. For the CloudEvents schema use
// CloudEvents. Event Grid drops events that are answered with 401 or 400; see
// Config.Status. It must not be copied after first use.
type EventGrid struct {
	// Secrets serves the access codes: required.
	Secrets Source
	// AllowedTopics, if not nil, lists the topics whose handshakes are answered,
	// in any case. Others are refused with status 403.
	AllowedTopics []string

	ring ring
}

const eventGridType = "Aeg-Event-Type"

// Check reports a configuration that would refuse every delivery.
func (g *EventGrid) Check() error { return named("eventgrid", shownToken.check(g.Secrets)) }

// Verify implements Verifier.
func (g *EventGrid) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	k, err := g.ring.open(ctx, m, "POST", g.Secrets, shownToken)
	if err == nil {
		err = k.accessCode(m, &d, false)
	}
	err = verdict(&d, m, "eventgrid", err)
	return d, err
}

// Interpret implements Interpreter.
func (g *EventGrid) Interpret(m *Message, d *Delivery) error {
	d.RetryFor = 24 * time.Hour
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	kind := strings.ToLower(first(m.Header, eventGridType))
	switch kind {
	case "notification", "subscriptionvalidation":
	case "unsubscribe", "subscriptiondeletion":
		d.Reply = &Reply{Reason: PingAck}
		return nil
	default:
		return blame(MissingEvent, eventGridType)
	}
	var events []object
	if json.Unmarshal(d.Payload, &events) != nil || len(events) == 0 || slices.ContainsFunc(events, missing) {
		return MalformedBody
	}
	if len(events) == 1 {
		d.Event, _ = events[0].text("eventType")
		d.ID, _ = events[0].text("id")
		d.source, _ = events[0].text("topic")
	} else {
		d.digestBody = true
	}
	if kind == "notification" {
		return nil
	}
	return g.validate(events, d)
}

func missing(o object) bool { return o == nil }

// validate answers the handshake by which an endpoint says that it wants the
// events.
func (g *EventGrid) validate(events []object, d *Delivery) error {
	if len(events) != 1 || d.Event != "Microsoft.EventGrid.SubscriptionValidationEvent" {
		return MalformedBody
	}
	code, _ := events[0].object("data").text("validationCode")
	if code == "" {
		return MalformedBody
	}
	topic, _ := events[0].text("topic")
	if g.AllowedTopics != nil && !slices.ContainsFunc(g.AllowedTopics, func(t string) bool { return strings.EqualFold(t, topic) }) {
		return TopicNotAllowed
	}
	d.Reply = jsonReply(map[string]string{"validationResponse": code})
	return nil
}

// Sign implements Signer: it shows the code in the header.
func (g *EventGrid) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "eventgrid", g.Secrets, text)
	if err != nil {
		return err
	}
	m.Header.Set(functionsKey, string(key))
	return nil
}
