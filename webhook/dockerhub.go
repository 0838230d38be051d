package webhook

import (
	"context"
	"net/url"
	"slices"
	"strings"
)

// DockerHub receives pushes of Docker Hub, which signs nothing: the secret is
// the query parameter code of the URL that was registered. Use it over https
// only. The event is always "push". It must not be copied after first use.
type DockerHub struct {
	// Secrets serves the codes: required.
	Secrets Source
	// CheckCallback refuses a push whose callback_url does not point to one of
	// CallbackHosts by https. Switch it on if you answer callbacks: the URL comes
	// from the body, and could point into your own network.
	CheckCallback bool
	// CallbackHosts lists the authorities that are allowed: the host, with the
	// port if it is not the usual one. Docker's is registry.hub.docker.com.
	CallbackHosts []string

	ring ring
}

// Check reports a configuration that would refuse every delivery.
func (h *DockerHub) Check() error { return named("dockerhub", shownToken.check(h.Secrets)) }

// Verify implements Verifier.
func (h *DockerHub) Verify(ctx context.Context, m *Message) (d Delivery, err error) {
	k, err := h.ring.open(ctx, m, "POST", h.Secrets, shownToken)
	if err == nil {
		err = k.accessCode(m, &d, false)
	}
	err = verdict(&d, m, "dockerhub", err)
	return d, err
}

// Interpret implements Interpreter.
func (h *DockerHub) Interpret(m *Message, d *Delivery) error {
	d.digestBody = true // pushed_at tells one push from the next
	if err := d.readJSON(m.Header); err != nil {
		return err
	}
	o, _ := asObject(d.Payload)
	if name, _ := o.object("repository").text("repo_name"); name == "" {
		return MalformedBody
	}
	if h.CheckCallback {
		callback, _ := o.text("callback_url")
		if !h.allowed(callback) {
			return CallbackNotAllowed
		}
	}
	d.Event = "push"
	return nil
}

func (h *DockerHub) allowed(callback string) bool {
	u, err := url.Parse(callback)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" {
		return false
	}
	return slices.ContainsFunc(h.CallbackHosts, func(host string) bool { return strings.EqualFold(host, u.Host) })
}

// Sign implements Signer: it puts the code into the query.
func (h *DockerHub) Sign(ctx context.Context, m *Message) error {
	key, err := signingKey(ctx, "dockerhub", h.Secrets, text)
	if err != nil {
		return err
	}
	path, query, _ := strings.Cut(m.Target, "?")
	m.Target = path + "?" + strings.TrimPrefix(dropParameter(query, "code")+"&code="+url.QueryEscape(string(key)), "&")
	return nil
}
