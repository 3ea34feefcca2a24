package console

import (
	"context"
	"net/http"
)

// Ask has the API work on a request in the name of whoever sent this one. Its table
// says whether she may.
func (r *Request) Ask(answer http.ResponseWriter, request *http.Request) {
	if r.console.API == nil {
		answer.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.console.API.ServeHTTP(answer, request.WithContext(context.WithValue(request.Context(), userKey{}, r.User)))
}
