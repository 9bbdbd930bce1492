import { Injectable } from '@nestjs/common'

/** Takes the place of the mail service of your application. */
@Injectable()
export class Mailer {
  async send(to: string, subject: string): Promise<void> {
    console.log(`mail to ${to}: ${subject}`)
  }
}
