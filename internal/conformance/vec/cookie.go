package vec

import (
	"net/http"
	"strings"
)

// SameSite returns the mode that a vector names, in any casing; zero is none.
func SameSite(name string) http.SameSite {
	switch strings.ToLower(name) {
	case "lax":
		return http.SameSiteLaxMode
	case "strict":
		return http.SameSiteStrictMode
	case "none":
		return http.SameSiteNoneMode
	}
	return 0
}
