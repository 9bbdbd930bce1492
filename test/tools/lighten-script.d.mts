export function inlineExpressions(text: string): string
export function sinkRareFunctions(text: string, ...patterns: RegExp[]): string
