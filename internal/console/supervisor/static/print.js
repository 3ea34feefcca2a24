// Prints the report; the style for paper does the rest.
document.getElementById("print")?.addEventListener("click", () => window.print());
