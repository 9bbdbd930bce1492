import path from 'node:path'
import ts from 'typescript'

/** One thing that users reach by importing an entry: `Type.member`, or the name of an export. */
export interface PublicName {
  readonly name: string
  /** Where it is declared: path below `src` and line. */
  readonly at: string
  /** Its documentation without tags; empty for none. */
  readonly text: string
  /** The tags of its documentation, as `name text`. */
  readonly tags: readonly string[]
  /** Whether it can be called. */
  readonly isCallable: boolean
}

/** Lists everything that the given sources export, and every member of every type that an export leads to. */
export function listPublicNames(root: string, files: readonly string[], options: ts.CompilerOptions): PublicName[] {
  const program = ts.createProgram({ rootNames: [...files], options })
  const walk = new Walk(program.getTypeChecker(), root)
  for (const file of files) walk.visitExports(program.getSourceFile(file)!)
  return walk.names
}

/** What a member belongs to: its name, and the documentation of it and of what it belongs to itself. */
interface Owner {
  readonly name: string
  readonly text: string
}

/** One pass over the exports, which visits each symbol once. */
class Walk {
  readonly names: PublicName[] = []
  readonly #checker: ts.TypeChecker
  readonly #root: string
  readonly #visited = new Set<ts.Symbol>()

  constructor(checker: ts.TypeChecker, root: string) {
    this.#checker = checker
    this.#root = root
  }

  visitExports(source: ts.SourceFile): void {
    const module = this.#checker.getSymbolAtLocation(source)
    // An entry without exports has nothing to document.
    if (module) for (const symbol of this.#checker.getExportsOfModule(module)) this.#visit(symbol, symbol.name)
  }

  #visit(alias: ts.Symbol, name: string): void {
    const symbol = alias.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(alias) : alias
    if (this.#visited.has(symbol)) return
    this.#visited.add(symbol)
    const declarations = (symbol.declarations ?? []).filter((node) => this.#isOurs(node))
    if (declarations.length === 0) return
    const text = this.#record(symbol, name, declarations[0]!, '')
    for (const declaration of declarations) this.#visitShape(declaration, { name, text })
  }

  /** The members of a declaration, and the types that its signature names; never the body of a function. */
  #visitShape(node: ts.Node, owner: Owner): void {
    if (ts.isBlock(node) || ts.isConstructorDeclaration(node) || isHidden(node)) return
    if (ts.isTypeReferenceNode(node)) this.#visitType(node.typeName)
    if (ts.isExpressionWithTypeArguments(node)) this.#visitType(node.expression)
    const inner = isMember(node) ? this.#recordMember(node, owner) : owner
    const isValue = ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)
    if (isValue) return node.type && this.#visitShape(node.type, inner)
    ts.forEachChild(node, (child) => this.#visitShape(child, inner))
  }

  #visitType(name: ts.Node): void {
    const symbol = this.#checker.getSymbolAtLocation(name)
    if (symbol && !(symbol.flags & ts.SymbolFlags.TypeParameter)) this.#visit(symbol, symbol.name)
  }

  #recordMember(node: Member, owner: Owner): Owner {
    const name = `${owner.name}.${nameOf(node)}`
    const symbol = this.#checker.getSymbolAtLocation(node.name)
    if (!symbol || this.#visited.has(symbol)) return { name, text: owner.text }
    this.#visited.add(symbol)
    // What has no name of its own is documented by what it belongs to: `{ at, why }` of a field, the options of a call.
    const isNameless = ts.isTypeLiteralNode(node.parent)
    const said = isNameless && isNamedIn(owner.text, nameOf(node)) ? `${owner.name} documents it` : ''
    return { name, text: `${owner.text}\n${this.#record(symbol, name, node, said)}` }
  }

  /** Adds a name to the list. @returns its documentation, tags included */
  #record(symbol: ts.Symbol, name: string, node: ts.Node, otherwise: string): string {
    const source = node.getSourceFile()
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
    const type = this.#checker.getTypeOfSymbolAtLocation(symbol, node)
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker))
    const tags = symbol
      .getJsDocTags(this.#checker)
      .map((tag) => `${tag.name} ${ts.displayPartsToString(tag.text)}`.trim())
    const at = `${path.relative(this.#root, source.fileName)}:${line}`
    this.names.push({ name, at, text: text || otherwise, tags, isCallable: type.getCallSignatures().length > 0 })
    return [text, ...tags].join('\n')
  }

  #isOurs(node: ts.Node): boolean {
    const { fileName } = node.getSourceFile()
    return fileName.startsWith(this.#root) && !fileName.includes('node_modules')
  }
}

type Member =
  ts.PropertySignature | ts.MethodSignature | ts.PropertyDeclaration | ts.MethodDeclaration | ts.GetAccessorDeclaration

function isMember(node: ts.Node): node is Member {
  return (
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessorDeclaration(node)
  )
}

/** Whether documentation names a member as code: alone, or in a piece of code such as `{ at, why }`. */
function isNamedIn(text: string, member: string): boolean {
  return (text.match(/`[^`]*`/g) ?? []).some((code) => code.split(/[^\w~]+/).includes(member))
}

function nameOf(node: Member): string {
  return ts.isStringLiteralLike(node.name) ? node.name.text : node.name.getText()
}

/** Whether users cannot reach it: `#fields`, `private`, and what is marked as internal. */
function isHidden(node: ts.Node): boolean {
  if (!isMember(node)) return false
  const flags = ts.getCombinedModifierFlags(node)
  return ts.isPrivateIdentifier(node.name) || (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0
}

/** Words that carry no meaning of their own in a sentence of documentation. */
const EMPTY_WORDS = new Set(
  'a an and are as be by for from has if in is it its of on or that the this to which with'.split(' '),
)

/** Whether the documentation says no more than the name does. */
export function repeatsName({ name, text }: PublicName): boolean {
  const known = new Set(wordsOf(name.replace(/([a-z0-9])([A-Z])/g, '$1 $2')).map(stem))
  return wordsOf(text).every((word) => EMPTY_WORDS.has(word) || known.has(stem(word)))
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? []
}

function stem(word: string): string {
  return word.replace(/(ies|es|s|ed|ing)$/, '')
}
