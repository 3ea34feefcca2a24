package api

import _ "embed"

// openAPI is the document. It is made of the table of routes by
//
//	go test ./internal/api -run OpenAPI -rewrite
//
// and checked against table, types and every answer of the tests.
//
//go:embed openapi.json
var openAPI []byte
