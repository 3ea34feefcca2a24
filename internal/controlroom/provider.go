package controlroom

import (
	"fmt"

	"powerline/internal/config"
	"powerline/internal/console"
)

// provider is who else signs people in. It is not asked anything yet.
func provider(o config.OIDC) (*console.Provider, error) {
	if o.Issuer == "" {
		return nil, nil
	}
	secret, err := config.Secret(o.ClientSecretFile)
	if err != nil {
		return nil, fmt.Errorf("controlroom: console.oidc.clientSecretFile: %w", err)
	}
	p := &console.Provider{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, URL: o.URL, RoleClaim: o.RoleClaim, ACR: o.ACR}
	for _, r := range o.Roles {
		p.Roles = append(p.Roles, console.ClaimedRole{Value: r.Value, Role: console.Role(r.Role)})
	}
	return p, nil
}
