package throttle_test

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/httptrigger/httptrigger/throttle"
)

func TestClientAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:ffff::/48")}
	tests := []struct {
		name, remote string
		forwarded    []string
		trusted      bool // trust the proxies
		want         string
	}{
		{"direct", "192.0.2.1:1234", nil, false, "192.0.2.1"},
		{"nobody is trusted", "10.0.0.1:1234", []string{"203.0.113.9"}, false, "10.0.0.1"},
		{"not from a proxy", "192.0.2.1:1234", []string{"203.0.113.9"}, true, "192.0.2.1"},
		{"through a proxy", "10.0.0.1:1234", []string{"203.0.113.9"}, true, "203.0.113.9"},
		{"through two", "10.0.0.1:1234", []string{"203.0.113.9, 10.1.1.1"}, true, "203.0.113.9"},
		{"forged on the left", "10.0.0.1:1234", []string{"1.2.3.4, 203.0.113.9"}, true, "203.0.113.9"},
		{"forged in a line of its own", "10.0.0.1:1234", []string{"1.2.3.4", "203.0.113.9"}, true, "203.0.113.9"},
		{"a trusted address forged on the left", "10.0.0.1:1234", []string{"10.9.9.9, 203.0.113.9"}, true, "203.0.113.9"},
		{"only proxies", "10.0.0.1:1234", []string{"10.2.2.2, 10.1.1.1"}, true, "10.2.2.2"},
		{"no header", "10.0.0.1:1234", nil, true, "10.0.0.1"},
		{"garbage", "10.0.0.1:1234", []string{"unknown"}, true, "10.0.0.1"},
		{"garbage to the left of the client", "10.0.0.1:1234", []string{"<script>, 203.0.113.9"}, true, "203.0.113.9"},
		{"garbage behind a proxy", "10.0.0.1:1234", []string{"203.0.113.9, x, 10.1.1.1"}, true, "10.1.1.1"},
		{"empty entries", "10.0.0.1:1234", []string{"203.0.113.9, "}, true, "10.0.0.1"},
		{"with a port", "10.0.0.1:1234", []string{"203.0.113.9:555"}, true, "203.0.113.9"},
		{"IPv6", "[2001:db8::1]:1234", nil, false, "2001:db8::1"},
		{"IPv6 through a proxy", "[2001:db8:ffff::1]:1234", []string{"2001:db8::7"}, true, "2001:db8::7"},
		{"IPv6 in brackets with a port", "10.0.0.1:1", []string{"[2001:db8::7]:99"}, true, "2001:db8::7"},
		{"IPv6 in brackets", "10.0.0.1:1", []string{"[2001:db8::7]"}, true, "2001:db8::7"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1", []string{"::ffff:203.0.113.9"}, true, "203.0.113.9"},
		{"zone", "[fe80::1%eth0]:1", nil, false, "fe80::1"},
		{"zone through a proxy", "10.0.0.1:1", []string{"fe80::1%eth0"}, true, "fe80::1"},
		{"zone in brackets with a port", "10.0.0.1:1", []string{"[fe80::1%eth0]:80"}, true, "fe80::1"},
		{"zone, escaped", "10.0.0.1:1", []string{"[fe80::1%25eth0]:80"}, true, "fe80::1"},
		{"zone of a proxy", "[2001:db8:ffff::1%x]:1", []string{"203.0.113.9"}, true, "203.0.113.9"},
		{"zone of an IPv4 address", "10.0.0.1:1", []string{"203.0.113.9%eth0"}, true, "10.0.0.1"},
		{"zone without a name", "10.0.0.1:1", []string{"fe80::1%"}, true, "10.0.0.1"},
		{"tabs around", "10.0.0.1:1", []string{"1.2.3.4,\t203.0.113.9\t"}, true, "203.0.113.9"},
		{"a space that is none", "10.0.0.1:1", []string{"203.0.113.9\u00a0"}, true, "10.0.0.1"},
		{"comma in front", "10.0.0.1:1", []string{",203.0.113.9"}, true, "203.0.113.9"},
		{"comma behind a proxy", "10.0.0.1:1", []string{"203.0.113.9,,10.1.1.1"}, true, "10.1.1.1"},
		{"empty line last", "10.0.0.1:1", []string{"203.0.113.9", ""}, true, "10.0.0.1"},
		{"port missing", "10.0.0.1:1", []string{"203.0.113.9:"}, true, "10.0.0.1"},
		{"port too large", "10.0.0.1:1", []string{"203.0.113.9:65536"}, true, "10.0.0.1"},
		{"port no number", "10.0.0.1:1", []string{"203.0.113.9:http"}, true, "10.0.0.1"},
		{"leading zero", "10.0.0.1:1", []string{"203.0.113.09"}, true, "10.0.0.1"},
		{"short form", "10.0.0.1:1", []string{"203.0.9"}, true, "10.0.0.1"},
		{"one number", "10.0.0.1:1", []string{"3405803785"}, true, "10.0.0.1"},
		{"quoted", "10.0.0.1:1", []string{`"203.0.113.9"`}, true, "10.0.0.1"},
		{"pair of RFC 7239", "10.0.0.1:1", []string{"for=203.0.113.9"}, true, "10.0.0.1"},
		{"bracket closed only", "10.0.0.1:1", []string{"2001:db8::7]"}, true, "10.0.0.1"},
		{"bracket opened only", "10.0.0.1:1", []string{"[2001:db8::7"}, true, "10.0.0.1"},
		{"two brackets", "10.0.0.1:1", []string{"[[2001:db8::7]]"}, true, "10.0.0.1"},
		{"bracket of an IPv4 address closed only", "10.0.0.1:1", []string{"203.0.113.9]"}, true, "10.0.0.1"},
		{"IPv4 in IPv6, a proxy in the list", "10.0.0.1:1", []string{"203.0.113.9, ::ffff:10.1.1.1"}, true, "203.0.113.9"},
		{"digits of another script", "10.0.0.1:1", []string{"203.0.113.\uff19"}, true, "10.0.0.1"},
		{"no port", "192.0.2.1", nil, false, "192.0.2.1"},
		{"no address", "@", nil, false, ""},
		{"empty", "", []string{"203.0.113.9"}, true, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.RemoteAddr = tt.remote
			for _, line := range tt.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			c := &throttle.ClientAddress{}
			if tt.trusted {
				c.TrustedProxies = proxies
			}
			addr, ok := c.Of(r)
			if ok != (tt.want != "") || ok && addr.String() != tt.want {
				t.Errorf("Of() = %v, %v; want %q", addr, ok, tt.want)
			}
		})
	}
}

func TestClientAddressKey(t *testing.T) {
	tests := []struct {
		remote, want string
		bits         int
	}{
		{"192.0.2.1:1", "192.0.2.1", 0},
		{"[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2::/64", 0},
		{"[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1::/48", 48},
		{"[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2:3:4:5:6/128", 128},
		{"[2001:db8:1:2:3:4:5:6]:1", "2001:db8:1:2::/64", 200},
		{"@", "", 0},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.remote
		got := (&throttle.ClientAddress{Bits6: tt.bits}).Key(r)
		if want := (throttle.RateKey{Scope: "address", Name: tt.want}); got != want {
			t.Errorf("Key(%s) = %+v, want %+v", tt.remote, got, want)
		}
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("10.0.0.1:1234", "1.2.3.4, 203.0.113.9:80")
	f.Add("[::1]:1", "[fe80::1%x], for=1")
	f.Fuzz(func(t *testing.T, remote, forwarded string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = []string{forwarded}
		c := &throttle.ClientAddress{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/1"), netip.MustParsePrefix("::/1")}}
		if addr, ok := c.Of(r); ok && !addr.IsValid() {
			t.Errorf("Of() = an invalid address")
		}
		c.Key(r)
	})
}
