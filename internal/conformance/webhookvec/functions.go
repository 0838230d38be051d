package webhookvec

import (
	"fmt"
	"reflect"

	"github.com/httptrigger/httptrigger/webhook"
)

// buildFunctions makes the receiver of Functions 1.x for a vector.
func buildFunctions(v *vector) (*target, error) {
	o := v.Options
	allowed := options{
		Local: o.Local, DisableHTTPSCheck: o.DisableHTTPSCheck, AuthDisabled: o.AuthDisabled,
		FunctionDisabled: o.FunctionDisabled, Methods: o.Methods, MaxBody: o.MaxBody,
	}
	if !reflect.DeepEqual(o, allowed) || len(v.Secrets) > 0 || v.Keys == nil {
		return nil, fmt.Errorf("options %+v, %d secrets in the profile %q", o, len(v.Secrets), v.Profile)
	}
	t := &target{}
	c := webhook.FunctionsConfig{
		Type:           v.Provider,
		Keys:           live(append(secrets(v.Keys.Function), secrets(v.Keys.Host)...)),
		Disabled:       o.FunctionDisabled,
		InsecureNoAuth: o.AuthDisabled,
		InsecureHTTP:   o.DisableHTTPSCheck,
		Receiver: webhook.Config{
			Handler: t, MaxBody: o.MaxBody, Now: t.now, Observe: t.observe, Compat: true,
		},
	}
	if o.Methods != nil {
		c.Methods = append([]string{}, *o.Methods...)
	}
	if v.Keys.Master != "" {
		c.Master = webhook.Static(v.Keys.Master)
	}
	f, err := webhook.NewFunctions(c)
	if err != nil {
		return nil, err
	}
	t.handler = f
	return t, nil
}

func secrets(byName map[string]string) webhook.Secrets {
	var list webhook.Secrets
	for name, value := range byName {
		list = append(list, webhook.NewSecret(name, value))
	}
	return list
}
