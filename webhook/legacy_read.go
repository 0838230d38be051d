package webhook

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// legacyJSON reads a body the way the receivers of Functions 1.x take JSON,
// but strictly: any JSON type, of which those that end in "+json" are refused
// as unreadable, and a payload of null if there is nothing.
func (d *Delivery) legacyJSON(m *Message) error {
	kind, charset := mediaType(m.Header)
	top, sub, _ := strings.Cut(kind, "/")
	suffixed := strings.HasSuffix(sub, "+json")
	switch {
	case top != "application" && top != "text", sub != "json" && !suffixed, wide(charset):
		return blame(UnsupportedMediaType, "Content-Type")
	case suffixed:
		return bad(UnsupportedMediaType, "Content-Type")
	}
	doc := bytes.TrimPrefix(d.Body, bom)
	if len(bytes.Trim(doc, " \t\r\n")) == 0 {
		return nil
	}
	if !validJSON(doc) {
		return MalformedBody
	}
	d.Payload = doc
	return nil
}

// wide tells whether a charset is one of UTF-16, which is not read here. Every
// other name is taken for UTF-8.
func wide(charset string) bool {
	return strings.HasPrefix(charset, "utf-16") || charset == "unicode" || charset == "unicodefffe" || charset == "ucs-2"
}

// legacyObject is legacyJSON for receivers that take an object, or nothing.
func (d *Delivery) legacyObject(m *Message) (object, error) {
	if err := d.legacyJSON(m); err != nil || d.Payload == nil || string(bytes.TrimSpace(d.Payload)) == "null" {
		return nil, err
	}
	o, ok := asObject(d.Payload)
	if !ok {
		return nil, MalformedBody
	}
	return o, nil
}

func readGeneric(m *Message, d *Delivery) error {
	if d.Event = joined(queryValues(m.Query(), "action", true)); d.Event == "" {
		d.Event = "change"
	}
	return d.legacyJSON(m)
}

func readChange(m *Message, d *Delivery) error {
	d.Event = "change"
	_, err := d.legacyObject(m)
	return err
}

func readLegacyGitHub(m *Message, d *Delivery) error {
	d.ID = first(m.Header, githubDelivery)
	if _, err := d.legacyObject(m); err != nil {
		return err
	}
	if len(m.Header[githubEvent]) == 0 {
		return blame(MissingEvent, githubEvent)
	}
	if d.Event = first(m.Header, githubEvent); strings.EqualFold(d.Event, "ping") {
		d.Reply = &Reply{Reason: PingAck}
	}
	return nil
}

func readLegacyBitbucket(m *Message, d *Delivery) error {
	if _, err := d.legacyObject(m); err != nil {
		return err
	}
	var err error
	if d.Event, err = one(m.Header, bitbucketEvent, MissingEvent); err != nil {
		return err
	}
	_, err = one(m.Header, "X-Hook-Uuid", MissingEvent)
	return err
}

// readMember takes the event from a member of the document, which must be there.
func readMember(path ...string) func(m *Message, d *Delivery) error {
	return func(m *Message, d *Delivery) error {
		o, err := d.legacyObject(m)
		if err != nil {
			return err
		}
		for _, name := range path[:len(path)-1] {
			o = o.object(name)
		}
		if d.Event, _ = o.text(path[len(path)-1]); d.Event == "" {
			return MissingEvent
		}
		return nil
	}
}

func readPusher(m *Message, d *Delivery) error {
	o, err := d.legacyObject(m)
	if err != nil {
		return err
	}
	var events []object
	if json.Unmarshal(o["events"], &events) != nil {
		return MalformedBody
	}
	names := make([]string, 0, len(events))
	for _, event := range events {
		if name, ok := event.text("name"); ok {
			names = append(names, name)
		}
	}
	d.Event = joined(names)
	return nil
}

func readLegacyStripe(m *Message, d *Delivery) error {
	o, err := d.legacyObject(m)
	if err != nil {
		return err
	}
	d.ID, d.IDSigned = o.text("id")
	if d.Event, _ = o.text("type"); d.Event == "" {
		return MissingEvent
	}
	if d.ID == "evt_00000000000000" { // a test event
		d.Reply = &Reply{Reason: PingAck}
	}
	return nil
}

// readFormEvent takes the event from a field of a form.
func readFormEvent(name string) func(m *Message, d *Delivery) error {
	return func(m *Message, d *Delivery) error {
		if kind, _ := mediaType(m.Header); kind != typeForm {
			return blame(UnsupportedMediaType, "Content-Type")
		}
		d.Form = foldedForm(string(d.Body))
		if d.Event, _ = field(d.Form, name); d.Event == "" {
			return MissingAction
		}
		return nil
	}
}

// readLegacySlack names the event of an outgoing webhook by its trigger word,
// else of a slash command by the command, else by the text, and adds what the
// text says besides.
func readLegacySlack(_ *Message, d *Delivery) error {
	d.Form = foldedForm(string(d.Body))
	text, _ := field(d.Form, "text")
	trigger, triggered := field(d.Form, "trigger_word")
	command, commanded := field(d.Form, "command")
	switch {
	case triggered:
		d.Event = trigger
		setField(d.Form, "subtext", subtext(trigger, text))
	case commanded:
		d.Event = command
	default:
		d.Event = text
		setField(d.Form, "subtext", text)
	}
	if d.Event == "" {
		return MissingAction
	}
	return nil
}

// subtext is the text without the trigger word that it begins with, in any
// case.
func subtext(trigger, text string) string {
	rest := text
	for _, want := range trigger {
		got, size := utf8.DecodeRuneInString(rest)
		if size == 0 || unicode.ToUpper(got) != unicode.ToUpper(want) {
			return text
		}
		rest = rest[size:]
	}
	return strings.TrimSpace(rest)
}

// foldedForm reads a form whose field names are the same in any case, under the
// spelling that comes first.
func foldedForm(body string) url.Values {
	form, spelling := url.Values{}, map[string]string{}
	for name, value := range orderedForm(body) {
		folded := strings.ToUpper(name)
		if _, ok := spelling[folded]; !ok {
			spelling[folded] = name
		}
		form[spelling[folded]] = append(form[spelling[folded]], value)
	}
	return form
}

// spelling returns the name under which a form has the field, or name itself.
func spelling(form url.Values, name string) string {
	if _, ok := form[name]; ok {
		return name
	}
	for have := range form {
		if strings.EqualFold(have, name) {
			return have
		}
	}
	return name
}

// field returns the values of a field, joined by commas, and whether there is
// one.
func field(form url.Values, name string) (string, bool) {
	values, ok := form[spelling(form, name)]
	return joined(values), ok
}

func setField(form url.Values, name, value string) { form[spelling(form, name)] = []string{value} }
