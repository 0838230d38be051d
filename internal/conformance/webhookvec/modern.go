package webhookvec

import (
	"fmt"
	"reflect"

	"github.com/httptrigger/httptrigger/webhook"
)

// modern maps a provider and its options to a verifier. An option that the
// provider does not take is an error: nothing is passed over.
func modern(v *vector, secrets webhook.Source) (webhook.Verifier, error) {
	o := v.Options
	common := options{VerifyOnly: o.VerifyOnly, MaxBody: o.MaxBody, ReplayMode: o.ReplayMode}
	only := func(allowed options) error {
		if !reflect.DeepEqual(o, allowed) {
			return fmt.Errorf("options %+v for %q", o, v.Provider)
		}
		return nil
	}
	switch v.Provider {
	case "github":
		common.AllowSHA1 = o.AllowSHA1
		return &webhook.GitHub{Secrets: secrets, InsecureSHA1: o.AllowSHA1}, only(common)
	}
	return nil, fmt.Errorf("provider %q", v.Provider)
}
